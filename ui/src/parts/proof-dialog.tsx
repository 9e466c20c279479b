import { useEffect, useRef } from "preact/hooks";
import { ApiError } from "../api.ts";
import { type Account, accounts, type SignedIn } from "../api-account.ts";
import { taken } from "../state/entering.ts";
import { proving } from "../state/proof.ts";
import { goToProvider, options, passkeysHere } from "../state/signing.ts";
import { t } from "../state/strings.ts";
import { usedPasskey } from "../state/webauthn.ts";
import { Elsewhere } from "./elsewhere.tsx";
import { Field, Form } from "./form.tsx";
import { Icon } from "./icon.tsx";
import { Ways } from "./ways.tsx";

/** Asks who is signed in to prove it once more, by any way that they have. */
export function ProofDialog({ account, hasPasskey }: { account: Account; hasPasskey: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = proving.value !== null;
  useEffect(() => {
    if (!isOpen) return dialog.current?.close();
    dialog.current?.showModal();
    // Not the button that closes it: who types at once would press that with the first space.
    dialog.current?.querySelector<HTMLElement>("[name=password], .ways button")?.focus();
  }, [isOpen]);
  const here = options.value.value;
  const hasPassword = account.ways.some((way) => way.kind === "password");
  const linked =
    here?.providers.filter(({ name }) => account.ways.some((way) => way.provider === name)) ?? [];

  const byPasskey = async (ceremony = accounts.beginPasskey(true)): Promise<void> => {
    const credential = await usedPasskey(await ceremony);
    if (credential) goOn(await accounts.usePasskey(credential));
  };
  const goOn = (answer: SignedIn): void | Promise<void> => {
    const second = taken(answer);
    if (second && here && !passkeysHere(here)) throw new ApiError(403, "/problems/passkey-elsewhere", "");
    return second ? byPasskey(Promise.resolve(second)) : proving.peek()?.(true);
  };
  return (
    <dialog ref={dialog} aria-labelledby="proof-title" onClose={() => proving.peek()?.(false)}>
      {isOpen && (
        <div class="proof">
          <div class="head">
            <h2 id="proof-title">{t("account.proof")}</h2>
            <button
              type="button"
              class="round"
              aria-label={t("close")}
              onClick={() => dialog.current?.close()}
            >
              <Icon name="close" />
            </button>
          </div>
          <p class="soft">{t("account.proof.text")}</p>
          {hasPassword && (
            <Form
              submit={t("account.proof.go")}
              onSend={async ({ password = "" }) => goOn(await accounts.signInAgain(password))}
            >
              {/* Password managers look for the name beside the password. */}
              <input
                type="email"
                name="username"
                autocomplete="username"
                value={account.email ?? ""}
                readOnly
                hidden
              />
              <Field
                name="password"
                type="password"
                label={t("form.password")}
                autocomplete="current-password"
              />
            </Form>
          )}
          <Ways
            providers={linked}
            hasPasskey={hasPasskey && here !== null && passkeysHere(here)}
            onProvider={(name) => goToProvider(name, "again", "/account")}
            onPasskey={() => byPasskey()}
          />
          {hasPasskey && here && !passkeysHere(here) && <Elsewhere here={here} path="/account" />}
          {linked.length > 0 && <p class="soft">{t("account.proof.provider")}</p>}
        </div>
      )}
    </dialog>
  );
}
