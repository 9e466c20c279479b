import { useEffect, useRef } from "preact/hooks";
import { ApiError } from "../api.ts";
import { type Account, accounts, type Options } from "../api-account.ts";
import { BroughtAlong, Devices, Programs } from "../parts/account-uses.tsx";
import { Passkeys, WaysIn } from "../parts/account-ways.tsx";
import { Empty } from "../parts/empty.tsx";
import { Failed } from "../parts/failed.tsx";
import { Field, Form } from "../parts/form.tsx";
import { Problem } from "../parts/problem.tsx";
import { ProofDialog } from "../parts/proof-dialog.tsx";
import { Section } from "../parts/section.tsx";
import { Skeletons } from "../parts/skeleton.tsx";
import { Doing } from "../parts/ways.tsx";
import { done, erase, exportAll, greet, openAccount, pressed, signOut, whole } from "../state/account.ts";
import { hasEnded, LANGUAGES } from "../state/preferences.ts";
import { openOptions, options, takesNew } from "../state/signing.ts";
import { dateTime, languageName, t } from "../state/strings.ts";

function Who({ account, here }: { account: Account; here: Options }) {
  if (account.guest)
    return (
      <>
        <p class="lead">{t("account.guest", { since: dateTime(account.created_at) })}</p>
        <div class="buttons">
          {takesNew(here) && (
            <a class="button strong" href="/sign-up">
              {t("nav.sign_up")}
            </a>
          )}
          <a class="button" href="/sign-in">
            {t("nav.sign_in")}
          </a>
          <a href="/kept">{t("nav.kept")}</a>
        </div>
      </>
    );
  return (
    <>
      <p class="lead">
        {[
          account.email ?? "",
          t("account.here_since", { since: dateTime(account.created_at) }),
          account.operator ? t("account.operator") : "",
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <div class="buttons">
        <Doing run={signOut}>{t("account.sign_out")}</Doing>
        {account.may_operate && <a href="/operator">{t("nav.operator")}</a>}
      </div>
    </>
  );
}

function Myself({ account }: { account: Account }) {
  return (
    <Section title={t("account.myself")}>
      <Form
        key={account.name ?? ""}
        submit={t("form.save")}
        onSend={async ({ name = "" }) => {
          await done(() => accounts.change({ name: name.trim() }), t("account.saved"));
        }}
      >
        <Field
          name="name"
          label={t("form.name")}
          autocomplete="nickname"
          isOptional
          value={account.name ?? ""}
          most={80}
          hint={t("form.name.hint")}
        />
      </Form>
      <p class="field apart">
        <label for="mail-language">{t("account.language")}</label>
        <select
          id="mail-language"
          value={account.language ?? "en"}
          onChange={(event) => {
            const language = event.currentTarget.value;
            void pressed(() => accounts.change({ language }), t("account.saved"));
          }}
        >
          {LANGUAGES.map((one) => (
            <option key={one} value={one} lang={one}>
              {languageName(one)}
            </option>
          ))}
        </select>
      </p>
    </Section>
  );
}

/** Erasing is asked about once, in plain words. */
function Erase({ account }: { account: Account }) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <Section title={t("account.erase")}>
      <p>{t("account.erase.text")}</p>
      <div class="buttons">
        <button type="button" onClick={() => dialog.current?.showModal()}>
          {t("account.erase")}
        </button>
      </div>
      <dialog ref={dialog} aria-labelledby="erase-title">
        <div class="proof">
          <h2 id="erase-title">{t("account.erase.ask")}</h2>
          <p>{t(account.guest ? "account.erase.guest" : "account.erase.what")}</p>
          <p>{t("account.erase.never")}</p>
          <Form
            submit={t("account.erase.yes")}
            isDanger
            onSend={async () => {
              await erase();
            }}
            beside={
              <button type="button" autofocus onClick={() => dialog.current?.close()}>
                {t("account.erase.no")}
              </button>
            }
          />
        </div>
      </dialog>
    </Section>
  );
}

/** Nobody is here, so there is nothing to show but the way in. */
function Nobody() {
  const heading = <h1 tabIndex={-1}>{t("nav.account")}</h1>;
  // The line at the top says it all.
  if (hasEnded.value === "yes") return heading;
  return (
    <>
      {heading}
      <Empty title={t("account.nobody.poster")} genre="documentary">
        <p>{t(options.value.value?.guests === false ? "account.nobody.no_guests" : "account.nobody")}</p>
        <a class="button strong" href="/sign-in?next=%2Faccount">
          {t("nav.sign_in")}
        </a>
      </Empty>
    </>
  );
}

/** Account: who I am, the ways in, where I am signed in, what I let in; taking everything, erasing everything. */
export function AccountView() {
  useEffect(() => {
    void greet();
    void openOptions();
  }, []);
  const { value, status, error } = whole.value;
  const here = options.value.value;
  if (status === "failed" && error instanceof ApiError && error.status === 401) return <Nobody />;
  const failure =
    status === "failed" ? error : options.value.status === "failed" ? options.value.error : null;
  const mayAdd = value && here && (!value.account.guest || takesNew(here));
  const again = () => {
    void openAccount();
    void openOptions();
  };
  return (
    <div class="prose account">
      <h1 tabIndex={-1}>{value?.account.name || t("nav.account")}</h1>
      {failure !== null && <Failed error={failure} again={again} />}
      {failure === null && !(value && here) && <Skeletons sizes={["usual", "usual"]} />}
      {value && here && (
        <>
          <Problem instead={{ "wrong-secret": "other-person", "link-void": "begin-again" }} />
          <Who account={value.account} here={here} />
          <BroughtAlong merges={value.account.merges} />
          {!value.account.guest && <Myself account={value.account} />}
          {mayAdd && (
            <>
              <WaysIn account={value.account} here={here} />
              <Passkeys account={value.account} passkeys={value.passkeys} here={here} />
            </>
          )}
          <Devices sessions={value.sessions} here={here} />
          {!value.account.guest && <Programs tokens={value.tokens} />}
          <Section title={t("account.private")}>
            <p>
              {t("account.private.text")} <a href="/leaving">{t("nav.leaving")}</a>
            </p>
            <p>
              <a href="/kept">{t("nav.kept")}</a>
            </p>
          </Section>
          <Section title={t("account.export")}>
            <p>{t("account.export.text")}</p>
            <div class="ways">
              <Doing run={exportAll}>{t("account.export.get")}</Doing>
            </div>
          </Section>
          <Erase account={value.account} />
          <ProofDialog account={value.account} hasPasskey={value.passkeys.length > 0} />
        </>
      )}
    </div>
  );
}
