import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { accounts, type Purpose } from "../api-account.ts";
import { Field, Form, NewPassword } from "../parts/form.tsx";
import { go, url } from "../state/address.ts";
import { enter, loadAnew } from "../state/entering.ts";
import { isProblem } from "../state/proof.ts";
import { faultText } from "../state/refusals.ts";
import { openOptions, options, passkeysThere } from "../state/signing.ts";
import { hasText, rich, t } from "../state/strings.ts";

/** What the link still wants before it is used up. */
type Wants = "nothing" | "password" | "new_password" | "sign_in";

/** Uses the link; goes on to where it leads, or gives what it still wants. */
async function use(purpose: Purpose, token: string, password?: string): Promise<Wants> {
  try {
    const { user } = await accounts.useLink(token, password);
    if (user && purpose !== "unlock") await enter("/", t(`link.${purpose}.done`));
    else loadAnew("/sign-in", t(`link.${purpose}.done`));
  } catch (error) {
    const needs = isProblem(error, "wrong-secret") ? (error.more.needs as Wants | undefined) : undefined;
    if (needs && password === undefined) return needs;
    throw error;
  }
  return "nothing";
}

function Ask({ purpose, token, wants }: { purpose: Purpose; token: string; wants: Wants }) {
  const asked = `link.${purpose}.${wants}`;
  const here = options.value.value;
  // The same install by its other name is another place to the browser, which keeps there what was begun there.
  const there = here && passkeysThere(here);
  return (
    <>
      <p>{hasText(asked) && t(asked)}</p>
      {there && wants !== "new_password" && (
        <p>
          {rich("link.there", {
            address: <a href={`${there}/link/${purpose}#${token}`}>{new URL(there).host}</a>,
          })}
        </p>
      )}
      {wants === "sign_in" && <a href="/sign-in">{t("nav.sign_in")}</a>}
      {wants !== "sign_in" && here && (
        <Form
          submit={t("link.go_on")}
          onSend={async ({ password = "" }) => {
            await use(purpose, token, password);
          }}
        >
          {wants === "new_password" ? (
            <NewPassword here={here} />
          ) : (
            <Field
              name="password"
              type="password"
              label={t("form.password")}
              autocomplete="current-password"
            />
          )}
        </Form>
      )}
      {purpose === "confirm" && (
        <p class="soft">
          {rich("link.confirm.lost", { sign_up: <a href="/sign-up">{t("nav.sign_up")}</a> })}
        </p>
      )}
    </>
  );
}

/** A link that opens nothing, and the way to another one. */
function Void({ purpose, error }: { purpose: Purpose; error: unknown }) {
  const isReset = purpose === "reset";
  return (
    <>
      <p role="alert">{error === null ? t("link.open_again") : faultText(error)}</p>
      <p>
        <a href={isReset ? "/sign-in?forgotten" : "/sign-in"}>
          {t(isReset ? "sign.forgotten.link" : "nav.sign_in")}
        </a>
      </p>
    </>
  );
}

/** A link of a mail. Its secret leaves the address bar before anything else happens. */
export function LinkView({ purpose }: { purpose: string }) {
  const what = purpose as Purpose;
  const token = useSignal("");
  const wants = useSignal<Wants>(what === "reset" ? "new_password" : "nothing");
  const error = useSignal<unknown>(null);
  const isVoid = useSignal(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const { hash } = url.value;

  useEffect(() => void openOptions(), []);
  useLayoutEffect(() => {
    if (hash.length < 2) {
      isVoid.value = token.peek() === "";
      return;
    }
    token.value = hash.slice(1);
    isVoid.value = false;
    go(url.peek().pathname, { replace: true });
    if (what === "reset") return;
    use(what, token.peek()).then(
      (still) => {
        wants.value = still;
      },
      (reason) => {
        error.value = reason;
        isVoid.value = true;
      },
    );
  }, [hash]);
  useEffect(() => {
    if (isVoid.value || wants.value !== "nothing") heading.current?.focus();
  }, [isVoid.value, wants.value]);

  return (
    <div class="prose narrow">
      <h1 tabIndex={-1} ref={heading}>
        {t(`link.${what}`)}
      </h1>
      {isVoid.value ? (
        <Void purpose={what} error={error.value} />
      ) : wants.value === "nothing" ? (
        <p role="status">{t("loading")}</p>
      ) : (
        <Ask purpose={what} token={token.value} wants={wants.value} />
      )}
    </div>
  );
}
