import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Declined } from "../state/proof.ts";
import { faultText } from "../state/refusals.ts";
import { t } from "../state/strings.ts";

/** Something that a button does, and what came of it if that was nothing. */
export function Doing({
  run,
  children,
  isStrong = false,
}: {
  run: () => Promise<void>;
  children: ComponentChildren;
  isStrong?: boolean;
}) {
  const fault = useSignal("");
  const isBusy = useSignal(false);
  const press = async () => {
    if (isBusy.peek()) return;
    isBusy.value = true;
    fault.value = "";
    try {
      await run();
    } catch (error) {
      if (!(error instanceof Declined)) fault.value = faultText(error);
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <>
      <button
        type="button"
        class={`button ${isStrong ? "strong" : ""}`}
        aria-disabled={isBusy.value}
        onClick={() => void press()}
      >
        {children}
      </button>
      <p class="fault" role="alert">
        {fault.value}
      </p>
    </>
  );
}

/** The ways to prove who one is that need no typing. */
export function Ways({
  providers,
  hasPasskey,
  onProvider,
  onPasskey,
}: {
  providers: readonly { name: string; title: string }[];
  hasPasskey: boolean;
  onProvider: (name: string) => Promise<void>;
  onPasskey: () => Promise<void>;
}) {
  if (providers.length === 0 && !hasPasskey) return null;
  return (
    <div class="ways">
      {providers.map(({ name, title }) => (
        <Doing key={name} run={() => onProvider(name)}>
          {t("sign.with", { provider: title })}
        </Doing>
      ))}
      {hasPasskey && <Doing run={onPasskey}>{t("sign.passkey")}</Doing>}
    </div>
  );
}
