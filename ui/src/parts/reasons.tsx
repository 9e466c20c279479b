import type { Signal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { Because, Film, FilmName, Recommendation } from "../api.ts";
import { answerReason, forAFriend } from "../state/reasons.ts";
import { rich, richList, t } from "../state/strings.ts";
import { titleWithYear } from "./facts.tsx";

/** Two names make a sentence; the rest waits behind it. */
const NAMED = 2;

const FilmLink = ({ film }: { film: FilmName }) => (
  <a href={`/film/${film.id}`} title={titleWithYear(film)}>
    <cite>{film.title}</cite>
  </a>
);

/** How much of a recommendation one film gave, for those who do not see the bar. */
function shareWords(share: number): string {
  return t(share >= 0.5 ? "share.most" : share >= 0.2 ? "share.part" : "share.little");
}

/** Confidence in words, never in per cent. */
export function ConfidenceWord({ pick }: { pick: Recommendation }) {
  const { confidence } = pick;
  if (confidence === null) return null;
  return (
    <span class={`confidence ${confidence}`} title={t(`confidence.${confidence}.why`)}>
      {t(`confidence.${confidence}`)}
    </span>
  );
}

/** What is pressed may go with its row: the focus then stays with the reasons. */
function keepNear(event: { currentTarget: HTMLElement }): void {
  event.currentTarget.closest(".reasons")?.querySelector<HTMLElement>("[aria-expanded]")?.focus();
}

function Answers({ film, reason }: { film: Film; reason: Because }) {
  const { title } = reason.film;
  const wantsMore = reason.say === "more";
  return (
    <div class="reason-answers">
      <button
        type="button"
        onClick={(event) => {
          keepNear(event);
          void answerReason(film, reason.film, "not");
        }}
      >
        {t("reason.not")} <span class="unseen">{title}</span>
      </button>
      <button
        type="button"
        title={t("reason.friend.hint")}
        onClick={(event) => {
          keepNear(event);
          void forAFriend(reason.film);
        }}
      >
        {t("reason.friend")} <span class="unseen">{title}</span>
      </button>
      <button
        type="button"
        aria-pressed={wantsMore}
        onClick={() => void answerReason(film, reason.film, wantsMore ? null : "more")}
      >
        {t("reason.more")} <span class="unseen">{title}</span>
      </button>
    </div>
  );
}

function Opened({ id, pick, isOpen }: { id: string; pick: Recommendation; isOpen: boolean }) {
  return (
    <div id={id} class="opened" hidden={!isOpen}>
      {isOpen && (
        <>
          {pick.confidence && <p class="soft">{t(`confidence.${pick.confidence}.why`)}</p>}
          <ol class="shares">
            {pick.because.map((reason) => (
              <li key={reason.film.id}>
                <span>
                  <FilmLink film={reason.film} />
                  {reason.film.year !== null && <span class="soft"> {reason.film.year}</span>}
                </span>
                <span
                  class="share"
                  style={{ "--part": `${Math.round(Math.min(1, reason.share) * 100)}%` }}
                  aria-hidden="true"
                />
                <span class="unseen">{shareWords(reason.share)}</span>
                <Answers film={pick.film} reason={reason} />
              </li>
            ))}
          </ol>
          {pick.not_because.length > 0 && (
            <ul class="not-because soft">
              {pick.not_because.map((because) => (
                <li key={because.id}>
                  {rich("reason.left_out", { film: <cite>{because.title}</cite> })}{" "}
                  <button
                    type="button"
                    class="plain"
                    onClick={(event) => {
                      keepNear(event);
                      void answerReason(pick.film, because, null);
                    }}
                  >
                    {t("reason.take_back")} <span class="unseen">{because.title}</span>
                  </button>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </div>
  );
}

/** Why a film is here: how sure, and one sentence, which opens to each reason with its share and its answers. */
export function Reasons({ pick, isOpen }: { pick: Recommendation; isOpen: Signal<boolean> }) {
  const id = useId();
  const because = pick.because.filter(({ share }) => share > 0);
  if (because.length === 0 && pick.not_because.length === 0) return <ConfidenceWord pick={pick} />;
  const rest = because.length - NAMED;
  return (
    <div class="reasons">
      <p class="reason">
        <ConfidenceWord pick={pick} />{" "}
        {because.length > 0 &&
          rich("because", {
            count: Math.min(NAMED, because.length),
            films: richList(
              because.slice(0, NAMED).map(({ film }) => <FilmLink key={film.id} film={film} />),
            ),
          })}{" "}
        <button
          type="button"
          class="plain"
          aria-expanded={isOpen.value}
          aria-controls={id}
          onClick={() => {
            isOpen.value = !isOpen.value;
          }}
        >
          {isOpen.value
            ? t("because.less")
            : rest > 0
              ? t("because.more", { count: rest })
              : t("because.open")}
        </button>
      </p>
      <Opened id={id} pick={{ ...pick, because }} isOpen={isOpen.value} />
    </div>
  );
}
