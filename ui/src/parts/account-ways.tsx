import { type Account, accounts, type Options, type Passkey, type Way } from "../api-account.ts";
import { addPasskey, done, pressed } from "../state/account.ts";
import { deviceName } from "../state/devices.ts";
import { notify } from "../state/notices.ts";
import { proved } from "../state/proof.ts";
import { goToProvider, passkeysHere } from "../state/signing.ts";
import { dateTime, t } from "../state/strings.ts";
import { Elsewhere } from "./elsewhere.tsx";
import { Field, Form, NewPassword } from "./form.tsx";
import { Fold, Section } from "./section.tsx";
import { Switch } from "./switch.tsx";
import { Doing } from "./ways.tsx";

/** When something was made, and used last. */
export function Times({ made, used }: { made: string; used: string | null }) {
  return (
    <span class="soft">
      {t("account.since", { when: dateTime(made) })}{" "}
      {used ? t("account.used", { when: dateTime(used) }) : t("account.unused")}
    </span>
  );
}

function PasswordForm({ here, close }: { here: Options; close: () => void }) {
  return (
    <Form
      submit={t("form.save")}
      onSend={async ({ password = "" }) => {
        await done(() => accounts.changePassword(password), t("account.password.changed"));
        close();
      }}
    >
      <NewPassword here={here} />
    </Form>
  );
}

/** Another address; the first one of somebody without a password comes with one. */
function EmailForm({
  here,
  hasPassword,
  isFirst,
  close,
}: {
  here: Options;
  hasPassword: boolean;
  isFirst: boolean;
  close: () => void;
}) {
  return (
    <Form
      submit={t("sign.send")}
      onSend={async ({ email = "", password }) => {
        await proved(() => accounts.changeEmail(email, password));
        notify(t("account.email.sent", { email }));
        close();
      }}
    >
      <Field
        name="email"
        type="email"
        label={t("account.email.new")}
        autocomplete="email"
        hint={t(isFirst ? "account.email.hint.first" : "account.email.hint")}
      />
      {!hasPassword && <NewPassword here={here} />}
    </Form>
  );
}

function WayRow({ way, here }: { way: Way; here: Options }) {
  const title =
    way.kind === "password"
      ? t("account.way.password")
      : (here.providers.find(({ name }) => name === way.provider)?.title ?? way.provider ?? "");
  return (
    <li>
      <span>
        {title} {way.email && <span>· {way.email}</span>}
        <br />
        <Times made={way.created_at} used={way.last_used_at} />
      </span>
      {way.kind === "provider" && (
        <button
          type="button"
          class="plain"
          onClick={() => void pressed(() => accounts.unlink(way.id), t("account.unlinked", { way: title }))}
        >
          {t("account.unlink")} <span class="unseen">{title}</span>
        </button>
      )}
    </li>
  );
}

/** E-mail and password, and the providers. */
export function WaysIn({ account, here }: { account: Account; here: Options }) {
  const hasPassword = account.ways.some((way) => way.kind === "password");
  const unlinked = here.providers.filter(({ name }) => !account.ways.some((way) => way.provider === name));
  if (account.guest && unlinked.length === 0) return null;
  return (
    <Section title={t("account.ways")}>
      {account.ways.length > 0 && (
        <ul>
          {account.ways.map((way) => (
            <WayRow key={way.id} way={way} here={here} />
          ))}
        </ul>
      )}
      {hasPassword && (
        <Fold label={t("account.password.change")}>
          {(close) => <PasswordForm here={here} close={close} />}
        </Fold>
      )}
      {!account.guest && (
        <Fold label={t(hasPassword ? "account.email.change" : "account.email.add")}>
          {(close) => (
            <EmailForm here={here} hasPassword={hasPassword} isFirst={!account.email} close={close} />
          )}
        </Fold>
      )}
      {unlinked.length > 0 && (
        <div class="ways">
          {unlinked.map(({ name, title }) => (
            <Doing key={name} run={() => proved(() => goToProvider(name, "link", "/account"))}>
              {t("account.link", { provider: title })}
            </Doing>
          ))}
        </div>
      )}
    </Section>
  );
}

function PasskeyRow({ passkey }: { passkey: Passkey }) {
  const name = passkey.name || t("account.passkeys.nameless");
  return (
    <li>
      <span>
        {name}
        <br />
        <Times made={passkey.created_at} used={passkey.last_used_at} />
      </span>
      <button
        type="button"
        class="plain"
        onClick={() =>
          void pressed(() => accounts.removePasskey(passkey.id), t("account.passkeys.removed", { name }))
        }
      >
        {t("account.remove")} <span class="unseen">{name}</span>
      </button>
      <Fold label={t("account.rename")} about={name}>
        {(close) => (
          <Form
            submit={t("form.save")}
            onSend={async ({ name: wanted = "" }) => {
              await done(() => accounts.renamePasskey(passkey.id, wanted.trim()), t("account.saved"));
              close();
            }}
          >
            <Field name="name" label={t("account.passkeys.name")} autocomplete="off" value={name} most={80} />
          </Form>
        )}
      </Fold>
    </li>
  );
}

/** Passkeys, and whether one is asked for after the password. */
export function Passkeys({
  account,
  passkeys,
  here,
}: {
  account: Account;
  passkeys: readonly Passkey[];
  here: Options;
}) {
  const hasPassword = account.ways.some((way) => way.kind === "password");
  return (
    <Section title={t("account.passkeys")}>
      <p>{t("account.passkeys.text")}</p>
      {passkeys.length > 0 && (
        <ul>
          {passkeys.map((passkey) => (
            <PasskeyRow key={passkey.id} passkey={passkey} />
          ))}
        </ul>
      )}
      {passkeysHere(here) ? (
        <Fold label={t("account.passkeys.add")}>
          {(close) => (
            <Form
              submit={t("account.passkeys.add")}
              onSend={async ({ name = "" }) => {
                await addPasskey(name.trim());
                close();
              }}
            >
              <Field
                name="name"
                label={t("account.passkeys.name")}
                autocomplete="off"
                value={deviceName(navigator.userAgent)}
                most={80}
              />
            </Form>
          )}
        </Fold>
      ) : (
        <Elsewhere here={here} path="/account" />
      )}
      {hasPassword && passkeys.length > 0 && (
        <div class="head">
          <p>{t("account.second")}</p>
          <Switch
            label={t("account.second")}
            isOn={account.asks_passkey}
            onSwitch={(on) => void pressed(() => accounts.change({ asks_passkey: on }), t("account.saved"))}
          />
        </div>
      )}
    </Section>
  );
}
