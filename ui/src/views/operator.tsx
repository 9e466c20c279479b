import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError } from "../api.ts";
import { accounts, type Install, type Invitation, type ListedAccount, type Options } from "../api-account.ts";
import { wayName } from "../parts/account-uses.tsx";
import { Failed } from "../parts/failed.tsx";
import { FailedJobs } from "../parts/failed-jobs.tsx";
import { Field, Form } from "../parts/form.tsx";
import { Once } from "../parts/once.tsx";
import { Fold, Section } from "../parts/section.tsx";
import { Skeletons } from "../parts/skeleton.tsx";
import { Doing } from "../parts/ways.tsx";
import { openFailedJobs } from "../state/jobs.ts";
import { notify } from "../state/notices.ts";
import { invite, moreUsers, openInstall, run, uninvite } from "../state/operator.ts";
import { isProblem } from "../state/proof.ts";
import { askWhoIAm, user } from "../state/session.ts";
import { openOptions, options } from "../state/signing.ts";
import { bytes } from "../state/sizes.ts";
import { dateTime, list, t } from "../state/strings.ts";

function Figures({ install }: { install: Install }) {
  const { jobs, disk } = install;
  const rows: readonly (readonly [string, string])[] = [
    [
      t("operator.version"),
      t("operator.since", { version: install.version, when: dateTime(install.started_at) }),
    ],
    [
      t("operator.people"),
      (["accounts", "guests", "sessions"] as const)
        .map((who) => t(`operator.people.${who}`, { count: install[who] }))
        .join(", "),
    ],
    [
      t("operator.registration"),
      [
        t(`operator.registration.${install.registration}`),
        t(install.takes_guests ? "operator.guests" : "operator.no_guests"),
      ].join(" "),
    ],
    [t("operator.films"), t("operator.films.of", { count: install.films })],
    [
      t("operator.jobs"),
      t("operator.jobs.of", {
        queued: jobs.queued,
        running: jobs.running,
        done: jobs.done,
        failed: jobs.failed,
      }),
    ],
    [
      t("operator.mail"),
      [t(`operator.mail.${install.mail}`), t("operator.mail.waiting", { count: install.mails_waiting })].join(
        " ",
      ),
    ],
    [t("operator.database"), t(`operator.database.${install.database}`)],
    ...disk
      .filter((space) => space.files !== 0)
      .map(
        (space) =>
          [
            t(`operator.disk.${space.name}`),
            [
              space.more ? t("operator.disk.more", { size: bytes(space.bytes) }) : bytes(space.bytes),
              space.files === null ? "" : t("operator.disk.files", { count: space.files }),
            ]
              .filter(Boolean)
              .join(" · "),
          ] as const,
      ),
    [t("operator.free"), bytes(install.free_bytes)],
  ];
  return (
    <dl class="all-facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Person({ account, here }: { account: ListedAccount; here: Options | null }) {
  return (
    <li>
      <span>
        {account.name || account.emails[0] || t("operator.nameless", { id: String(account.id) })}{" "}
        {account.operator && <strong>{t("account.operator")}</strong>}
        <br />
        <span class="soft">
          {[
            account.name ? account.emails.join(", ") : account.emails.slice(1).join(", "),
            list(account.ways.map((way) => (here ? wayName(way, here) : way))),
            t("operator.seen", { when: dateTime(account.last_seen_at) }),
          ]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </span>
    </li>
  );
}

const noteOf = ({ note }: Invitation) => note || t("operator.invitations.noteless");

function InvitationRow({
  invitation,
  onRemove,
}: {
  invitation: Invitation;
  onRemove: (button: HTMLElement) => void;
}) {
  const note = noteOf(invitation);
  return (
    <li>
      <span>
        {note}
        <br />
        <span class="soft">
          {invitation.used_at
            ? t("operator.invitations.used", { when: dateTime(invitation.used_at) })
            : t("operator.invitations.until", { when: dateTime(invitation.expires_at) })}
        </span>
      </span>
      <button type="button" class="plain" onClick={(event) => onRemove(event.currentTarget)}>
        {t("account.remove")} <span class="unseen">{note}</span>
      </button>
    </li>
  );
}

function Invitations({ invitations }: { invitations: readonly Invitation[] }) {
  const made = useSignal<{ invitation: Invitation; link: string } | null>(null);
  const remove = async (one: Invitation, button: HTMLElement) => {
    const section = button.closest("section");
    if (!(await uninvite(one))) return;
    if (made.peek()?.invitation.id === one.id) made.value = null;
    // The button that had the focus is gone.
    section?.querySelector<HTMLElement>("summary")?.focus();
  };
  return (
    <Section title={t("operator.invitations")}>
      <p>{t("operator.invitations.text")}</p>
      {invitations.length > 0 && (
        <ul>
          {invitations.map((one) => (
            <InvitationRow key={one.id} invitation={one} onRemove={(button) => void remove(one, button)} />
          ))}
        </ul>
      )}
      {made.value && (
        <Once
          label={t("operator.invitations.link", { note: noteOf(made.value.invitation) })}
          text={made.value.link}
        />
      )}
      <Fold label={t("operator.invitations.make")}>
        {(close) => (
          <Form
            submit={t("operator.invitations.make")}
            onSend={async ({ note = "" }) => {
              made.value = await invite(note.trim());
              close();
            }}
          >
            <Field
              name="note"
              label={t("operator.invitations.note")}
              autocomplete="off"
              isOptional
              most={80}
            />
          </Form>
        )}
      </Fold>
    </Section>
  );
}

/** The one-time code of the log makes an account the operator's. */
function Code() {
  return (
    <Form
      submit={t("operator.code.submit")}
      onSend={async ({ code = "" }) => {
        try {
          await accounts.useCode(code.trim());
        } catch (error) {
          if (!isProblem(error, "wrong-secret")) throw error;
          throw new ApiError(error.status, "/problems/operator-code", error.detail);
        }
        notify(t("operator.code.done"));
        await Promise.all([askWhoIAm(), openInstall()]);
        document.querySelector<HTMLElement>("h1")?.focus();
      }}
    >
      <Field name="code" label={t("operator.code")} autocomplete="off" hint={t("operator.code.hint")} />
    </Form>
  );
}

/** Who may not see this page, and how to become who may. */
function Refused() {
  const isWanted = options.value.value?.operator_wanted === true;
  const isIn = user.value !== null && !user.value.guest;
  return (
    <>
      <p class="lead">{t(isWanted ? "operator.wanted" : "operator.refused")}</p>
      {isWanted && isIn && <Code />}
      {!isIn && (
        <p>
          <a href="/sign-in?next=%2Foperator">{t("nav.sign_in")}</a>
        </p>
      )}
    </>
  );
}

/** This install: figures, who has an account, invitations, work that failed. Nothing of anybody's taste. */
export function OperatorView() {
  const open = () => {
    void openInstall();
    void openOptions();
    void openFailedJobs();
  };
  useEffect(open, []);
  const { value, status, error } = run.value;
  const isRefused = error instanceof ApiError && error.status === 403;
  return (
    <div class="prose account">
      <h1 tabIndex={-1}>{t("nav.operator")}</h1>
      {isRefused && <Refused />}
      {status === "failed" && !isRefused && <Failed error={error} again={open} />}
      {!value && status === "loading" && <Skeletons sizes={["usual"]} />}
      {value && (
        <>
          <Figures install={value.install} />
          <p>
            {value.install.sources_on.length > 0
              ? t("operator.sources", { names: list(value.install.sources_on) })
              : t("operator.no_sources")}{" "}
            <a href="/leaving">{t("nav.leaving")}</a>
          </p>
          <FailedJobs />
          <Section title={t("operator.accounts")}>
            {value.users.length === 0 ? (
              <p>{t("operator.accounts.none")}</p>
            ) : (
              <ul>
                {value.users.map((account) => (
                  <Person key={account.id} account={account} here={options.value.value} />
                ))}
              </ul>
            )}
            {value.next !== null && (
              <div class="ways">
                <Doing run={moreUsers}>{t("more")}</Doing>
              </div>
            )}
          </Section>
          <Invitations invitations={value.invitations} />
        </>
      )}
    </div>
  );
}
