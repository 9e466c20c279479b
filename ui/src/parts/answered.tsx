import { useEffect } from "preact/hooks";
import { answeredReasons, answerReason, openAnsweredReasons } from "../state/reasons.ts";
import { rich, t } from "../state/strings.ts";

/** Every answer to a reason that counts, each with a way to take it back. */
export function AnsweredReasons() {
  useEffect(() => void openAnsweredReasons(), []);
  const { value } = answeredReasons.value;
  if (!value || value.length === 0) return null;
  return (
    <details class="answered">
      <summary>{t("reasons.answered")}</summary>
      <ul>
        {value.map(({ film, because, say }) => (
          <li key={`${film.id} ${because.id}`}>
            <span>
              {rich(`reasons.${say}`, {
                film: <a href={`/film/${film.id}`}>{film.title}</a>,
                because: <cite>{because.title}</cite>,
              })}
            </span>
            <button
              type="button"
              class="plain"
              onClick={() => void answerReason(film, because, null).then(openAnsweredReasons)}
            >
              {t("reason.take_back")} <span class="unseen">{because.title}</span>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
