import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { ApiError } from "../api.ts";
import { accounts, type Options } from "../api-account.ts";
import { Elsewhere } from "../parts/elsewhere.tsx";
import { Failed } from "../parts/failed.tsx";
import { Field, Form, NewPassword } from "../parts/form.tsx";
import { Problem } from "../parts/problem.tsx";
import { Skeletons } from "../parts/skeleton.tsx";
import { Doing, Ways } from "../parts/ways.tsx";
import { go, route, search, url } from "../state/address.ts";
import { ownPath } from "../state/entering.ts";
import { counts, learnCounts } from "../state/library.ts";
import { isProblem } from "../state/proof.ts";
import { askWhoIAm, user } from "../state/session.ts";
import {
  goToProvider,
  invitation,
  openOptions,
  options,
  passkeysHere,
  passkeysThere,
  second,
  signIn,
  signInByPasskey,
  takesNew,
  typedEmail,
} from "../state/signing.ts";
import { language, rich, t } from "../state/strings.ts";

type Mode = "in" | "up" | "forgotten";

const next = () => ownPath(search.peek().get("next"));
/** The same question in another form, with where to go afterwards. */
const to = (path: string, ask?: string) => {
  const wanted = search.value.get("next");
  const query = [ask, wanted && `next=${encodeURIComponent(wanted)}`].filter(Boolean).join("&");
  return query ? `${path}?${query}` : path;
};

function Email({ autocomplete = "username" }: { autocomplete?: string }) {
  return (
    <Field
      name="email"
      type="email"
      label={t("form.email.label")}
      autocomplete={autocomplete}
      value={typedEmail.peek()}
      onInput={(value) => {
        typedEmail.value = value.trim();
      }}
    />
  );
}

/** Where a mail has gone to, or lies. */
function Sent({ here, lasts }: { here: Options; lasts: "confirm" | "reset" }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <>
      <h1 tabIndex={-1} ref={heading}>
        {t("sign.sent")}
      </h1>
      <p>{t(`sign.sent.${lasts}`, { email: typedEmail.value })}</p>
      {here.mail === "folder" && <p>{t("sign.sent.folder")}</p>}
      <p class="soft">{t("sign.sent.nothing")}</p>
    </>
  );
}

/** The passkey that comes after the password. */
function Second() {
  const heading = useRef<HTMLHeadingElement>(null);
  const here = options.value.value;
  useEffect(() => heading.current?.focus(), []);
  return (
    <>
      <h1 tabIndex={-1} ref={heading}>
        {t("sign.second")}
      </h1>
      <p>{t("sign.second.text")}</p>
      {here && !passkeysHere(here) ? (
        <Elsewhere here={here} path={to("/sign-in")} />
      ) : (
        <div class="ways">
          <Doing isStrong run={() => signInByPasskey(next())}>
            {t("sign.passkey")}
          </Doing>
        </div>
      )}
      <p>
        <button
          type="button"
          class="plain"
          onClick={() => {
            second.value = null;
          }}
        >
          {t("back")}
        </button>
      </p>
      <p class="soft">{t("sign.second.lost")}</p>
    </>
  );
}

const operator = () => <a href="/operator">{t("nav.operator")}</a>;

/** Why not everybody may make an account here. */
function NotOpen({ here }: { here: Options }) {
  return <>{rich(`sign.registration.${here.registration as "invited" | "closed"}`, { place: operator() })}</>;
}

/** Who may make an account here. */
function MayRegister({ here }: { here: Options }) {
  if (takesNew(here))
    return (
      <p>
        {t("sign.no_account")} <a href={to("/sign-up")}>{t("nav.sign_up")}</a>
      </p>
    );
  return (
    <p class="soft">
      <NotOpen here={here} />
    </p>
  );
}

/** Parts the ways without typing from the form, where there are any. */
function Or({ here, hasPasskey }: { here: Options; hasPasskey: boolean }) {
  return here.providers.length > 0 || hasPasskey ? <p class="or">{t("sign.or")}</p> : null;
}

function SignIn({ here }: { here: Options }) {
  return (
    <>
      <Ways
        providers={here.providers}
        hasPasskey={passkeysHere(here)}
        onProvider={(name) => goToProvider(name, "sign_in", next())}
        onPasskey={() => signInByPasskey(next())}
      />
      <Or here={here} hasPasskey={passkeysHere(here)} />
      <Form
        submit={t("nav.sign_in")}
        onSend={({ email = "", password = "" }) => signIn(email, password, next())}
      >
        <Email />
        <Field name="password" type="password" label={t("form.password")} autocomplete="current-password" />
      </Form>
      <p>
        <a href={to("/sign-in", "forgotten")}>{t("sign.forgotten.link")}</a>
      </p>
      <MayRegister here={here} />
      {passkeysThere(here) && <Elsewhere here={here} path="/sign-in" />}
    </>
  );
}

function SignUp({ here, onSent }: { here: Options; onSent: () => void }) {
  const isOpen = takesNew(here);
  const isVoid = useSignal(false);
  const signIn = (
    <p>
      {t("sign.has_account")} <a href={to("/sign-in")}>{t("nav.sign_in")}</a>
    </p>
  );
  if (!isOpen)
    return (
      <>
        <p>
          <NotOpen here={here} />
        </p>
        {signIn}
      </>
    );
  return (
    <>
      {invitation.value && !isVoid.value && <p class="note">{t("sign.invited")}</p>}
      {here.operator_wanted && <p class="note">{rich("sign.first", { place: operator() })}</p>}
      <Ways
        providers={here.providers}
        hasPasskey={false}
        onProvider={(name) => goToProvider(name, "sign_in", next())}
        onPasskey={async () => {}}
      />
      <Or here={here} hasPasskey={false} />
      <Form
        submit={t("nav.sign_up")}
        onSend={async ({ email = "", password = "", name = "" }) => {
          const held = invitation.peek();
          try {
            await accounts.signUp({
              email,
              password,
              language: language.peek(),
              ...(name.trim() ? { name: name.trim() } : {}),
              ...(held ? { invitation: held } : {}),
            });
          } catch (error) {
            if (!isProblem(error, "link-void")) throw error;
            isVoid.value = true;
            throw new ApiError(error.status, "/problems/invitation-void", error.detail);
          }
          onSent();
        }}
      >
        <Email />
        <NewPassword here={here} label={t("form.password")} />
        <Field
          name="name"
          label={t("form.name")}
          autocomplete="nickname"
          isOptional
          most={80}
          hint={t("form.name.hint")}
        />
      </Form>
      {signIn}
    </>
  );
}

/** Asks for the mail by which a new password is set. */
function Forgotten({ onSent }: { onSent: () => void }) {
  return (
    <>
      <p>{t("sign.forgotten.text")}</p>
      <Form
        submit={t("sign.send")}
        onSend={async ({ email = "" }) => {
          await accounts.sendLink("reset", email);
          onSent();
        }}
      >
        <Email />
      </Form>
      <p>
        <a href={to("/sign-in")}>{t("sign.back")}</a>
      </p>
    </>
  );
}

function modeOf(): Mode {
  if (route.value.name === "sign-up") return "up";
  return search.value.has("forgotten") ? "forgotten" : "in";
}

/** What comes along of a guest. */
function Guest() {
  if (!user.value?.guest) return null;
  const count = counts.value.liked + counts.value.fine + counts.value.disliked;
  return (
    <p class="note">
      {count > 0 ? t("sign.guest.films", { count }) : t("sign.guest")} <a href="/kept">{t("nav.kept")}</a>
    </p>
  );
}

/** Signing in, making an account, and the way back in for who has forgotten how. */
export function SignInView() {
  const mode = modeOf();
  const sent = useSignal<Mode | null>(null);
  const { hash } = url.value;
  useLayoutEffect(() => {
    const [, token] = /^#invitation=(.+)$/.exec(hash) ?? [];
    if (!token) return;
    invitation.value = decodeURIComponent(token);
    go("/sign-up", { replace: true });
  }, [hash]);
  useEffect(() => {
    void openOptions();
    // Somebody may have become a guest since the page was loaded.
    askWhoIAm()
      .then(() => (user.peek()?.guest ? learnCounts() : undefined))
      .catch(() => {});
  }, []);
  useEffect(() => {
    second.value = null;
    sent.value = null;
  }, [mode]);
  const isIn = user.value !== null && !user.value.guest;
  useEffect(() => {
    const told = search.peek().get("problem");
    if (isIn) go(told ? `/account?problem=${encodeURIComponent(told)}` : "/account", { replace: true });
  }, [isIn]);

  const { value: here, status, error } = options.value;
  if (status === "failed") return <Failed error={error} again={() => void openOptions()} />;
  const onSent = () => {
    sent.value = mode;
  };
  if (here && sent.value)
    return (
      <div class="prose narrow">
        <Sent here={here} lasts={sent.value === "up" ? "confirm" : "reset"} />
      </div>
    );
  if (second.value)
    return (
      <div class="prose narrow">
        <Second />
      </div>
    );
  return (
    <div class="prose narrow">
      <h1 tabIndex={-1}>
        {t(mode === "in" ? "nav.sign_in" : mode === "up" ? "nav.sign_up" : "sign.forgotten")}
      </h1>
      <Problem instead={{ "link-void": "begin-again" }} />
      <Guest />
      {!here && <Skeletons sizes={["usual"]} />}
      {here && mode === "in" && <SignIn here={here} />}
      {here && mode === "up" && <SignUp here={here} onSent={onSent} />}
      {here && mode === "forgotten" && <Forgotten onSent={onSent} />}
    </div>
  );
}
