import { useSignal } from "@preact/signals";
import { accounts, type Merge, type OpenSession, type Options, type Token } from "../api-account.ts";
import { done, pressed } from "../state/account.ts";
import { deviceName } from "../state/devices.ts";
import { dateTime, t } from "../state/strings.ts";
import { Times } from "./account-ways.tsx";
import { Field, Form } from "./form.tsx";
import { Once } from "./once.tsx";
import { Fold, Section } from "./section.tsx";

/** A way of signing in, in words. */
export function wayName(way: string, here: Options): string {
  if (way === "password" || way === "passkey" || way === "guest") return t(`account.way.${way}`);
  return here.providers.find(({ name }) => name === way)?.title ?? way;
}

function Device({ session, here }: { session: OpenSession; here: Options }) {
  const name = deviceName(session.user_agent) || t("account.devices.unknown");
  return (
    <li>
      <span>
        {name} {session.current && <strong>{t("account.devices.this")}</strong>}
        <br />
        <span class="soft">
          {t("account.devices.began", {
            when: dateTime(session.began_at),
            way: wayName(session.way, here),
            address: session.address,
          })}{" "}
          {t("account.devices.ends", { when: dateTime(session.expires_at) })}
        </span>
      </span>
      {!session.current && (
        <button
          type="button"
          class="plain"
          onClick={() => void pressed(() => accounts.endSession(session.id), t("account.devices.ended"))}
        >
          {t("account.devices.end")} <span class="unseen">{name}</span>
        </button>
      )}
    </li>
  );
}

/** Where this person is signed in. */
export function Devices({ sessions, here }: { sessions: readonly OpenSession[]; here: Options }) {
  return (
    <Section title={t("account.devices")}>
      <ul>
        {sessions.map((session) => (
          <Device key={session.id} session={session} here={here} />
        ))}
      </ul>
      {sessions.length > 1 && (
        <div class="buttons">
          <button
            type="button"
            onClick={() => void pressed(() => accounts.endOthers(), t("account.devices.others_ended"))}
          >
            {t("account.devices.end_others")}
          </button>
        </div>
      )}
    </Section>
  );
}

const SCOPES = ["read", "write"] as const;

/** Programs that may read or answer in this person's name. */
export function Programs({ tokens }: { tokens: readonly Token[] }) {
  const fresh = useSignal<{ name: string; token: string } | null>(null);
  return (
    <Section title={t("account.programs")}>
      <p>{t("account.programs.text")}</p>
      {tokens.length > 0 && (
        <ul>
          {tokens.map((token) => (
            <li key={token.id}>
              <span>
                {token.name} · {t(`account.programs.${token.scope}`)}
                <br />
                <Times made={token.created_at} used={token.last_used_at} />
              </span>
              <button
                type="button"
                class="plain"
                onClick={() =>
                  void pressed(
                    () => accounts.endToken(token.id),
                    t("account.programs.ended", { name: token.name }),
                  )
                }
              >
                {t("account.programs.end")} <span class="unseen">{token.name}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {fresh.value && (
        <Once label={t("account.programs.token", { name: fresh.value.name })} text={fresh.value.token} />
      )}
      <Fold label={t("account.programs.make")}>
        {(close) => (
          <Form
            submit={t("account.programs.make")}
            onSend={async ({ name = "", scope }) => {
              const what = scope === "write" ? "write" : "read";
              const made = await done(
                () => accounts.makeToken(name.trim(), what),
                t("account.programs.made"),
              );
              fresh.value = { name: name.trim(), token: made.secret };
              close();
            }}
          >
            <Field
              name="name"
              label={t("account.programs.name")}
              autocomplete="off"
              most={80}
              hint={t("account.programs.name.hint")}
            />
            <fieldset class="choices">
              <legend>{t("account.programs.may")}</legend>
              {SCOPES.map((scope) => (
                <label key={scope} class="check">
                  <input type="radio" name="scope" value={scope} defaultChecked={scope === "read"} />
                  {t(`account.programs.${scope}.text`)}
                </label>
              ))}
            </fieldset>
          </Form>
        )}
      </Fold>
    </Section>
  );
}

/** What guests of this browser have brought into the account. */
export function BroughtAlong({ merges }: { merges: readonly Merge[] }) {
  const brought = merges.filter(({ films }) => films > 0);
  if (brought.length === 0) return null;
  return (
    <Section title={t("account.merges")}>
      <ul>
        {brought.map((merge) => (
          <li key={merge.guest}>
            <span>
              {t("account.merges.films", { count: merge.films, when: dateTime(merge.at) })}{" "}
              <span class="soft">{t("account.merges.until", { until: dateTime(merge.until) })}</span>
            </span>
            <button
              type="button"
              class="plain"
              onClick={() => void pressed(() => accounts.undoMerge(merge.guest), t("account.merges.undone"))}
            >
              {t("account.merges.undo")}
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}
