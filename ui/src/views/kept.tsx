import { useEffect } from "preact/hooks";
import { askWhoIAm, user } from "../state/session.ts";
import { openOptions, options } from "../state/signing.ts";
import { dateTime, t } from "../state/strings.ts";

const MATTERS = ["films", "shown", "browser", "account", "mail", "logs"] as const;

/** What is kept of a person and for how long: as a guest, and with an account. */
export function KeptView() {
  useEffect(() => {
    void openOptions();
    askWhoIAm().catch(() => {}); // the page is worth reading without it
  }, []);
  const who = user.value;
  return (
    <div class="prose">
      <h1 tabIndex={-1}>{t("nav.kept")}</h1>
      <p class="lead">{t("kept.lead")}</p>
      <p class="note">
        {who === null
          ? t("kept.nobody")
          : who.guest
            ? t("kept.you.guest", { since: dateTime(who.created_at) })
            : t("kept.you.account", { since: dateTime(who.created_at) })}
      </p>
      <h2>{t("kept.guest.title")}</h2>
      {options.value.value?.guests === false ? (
        <p>{t("kept.no_guests")}</p>
      ) : (
        <>
          <p>{t("kept.guest")}</p>
          <p>{t("kept.guest.more")}</p>
        </>
      )}
      <h2>{t("kept.account.title")}</h2>
      <p>{t("kept.account")}</p>
      <h2>{t("kept.what")}</h2>
      <dl class="terms">
        {MATTERS.map((matter) => (
          <div key={matter}>
            <dt>{t(`kept.${matter}.name`)}</dt>
            <dd>{t(`kept.${matter}.text`)}</dd>
          </div>
        ))}
      </dl>
      <h2>{t("kept.end.title")}</h2>
      <p>{t("kept.end")}</p>
      <p>
        <a href="/account">{t("kept.end.link")}</a> · <a href="/leaving">{t("nav.leaving")}</a>
      </p>
    </div>
  );
}
