import { useEffect, useRef } from "preact/hooks";
import { CARD_KEYS, isHelpOpen, PAGE_KEYS } from "../state/keys.ts";
import { singleKeys } from "../state/preferences.ts";
import { type Key, t } from "../state/strings.ts";
import { Icon } from "./icon.tsx";

function KeyList({ label, keys }: { label: string; keys: Record<string, Key> }) {
  return (
    <>
      <h3>{label}</h3>
      <dl class="keys">
        {Object.entries(keys).map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(text)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** What every key does, and the switch for those who would rather not have them. */
export function KeysDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isHelpOpen.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isHelpOpen.value]);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="keys-title"
      onClose={() => {
        isHelpOpen.value = false;
      }}
    >
      <div class="head">
        <h2 id="keys-title">{t("keys.title")}</h2>
        <button type="button" class="round" aria-label={t("close")} onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </div>
      <KeyList label={t("keys.page")} keys={PAGE_KEYS} />
      <KeyList label={t("keys.card")} keys={CARD_KEYS} />
      <p class="soft">{t("keys.arrows")}</p>
      <label class="check">
        <input
          type="checkbox"
          checked={singleKeys.value === "on"}
          onChange={(event) => {
            singleKeys.value = event.currentTarget.checked ? "on" : "off";
          }}
        />
        {t("keys.switch")}
      </label>
    </dialog>
  );
}
