import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../state/strings.ts";

/** A secret that is shown this once, to be copied. */
export function Once({ label, text }: { label: string; text: string }) {
  const id = useId();
  const isCopied = useSignal(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), [text]);
  const copy = async () => {
    input.current?.select();
    // There is no clipboard on plain HTTP from another machine: then the text stands selected.
    await navigator.clipboard?.writeText(text).then(
      () => {
        isCopied.value = true;
      },
      () => {},
    );
  };
  return (
    <div class="field once">
      <label for={id}>{label}</label>
      <div class="entry">
        <input ref={input} id={id} readOnly value={text} onFocus={(event) => event.currentTarget.select()} />
        <button type="button" class="look" onClick={() => void copy()}>
          {t("form.copy")}
        </button>
      </div>
      <p class="soft" role="status">
        {isCopied.value ? t("form.copied") : t("form.once")}
      </p>
    </div>
  );
}
