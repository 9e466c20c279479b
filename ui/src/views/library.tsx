import { useEffect } from "preact/hooks";
import type { Change, Shelf } from "../api.ts";
import { AnsweredReasons } from "../parts/answered.tsx";
import { Empty } from "../parts/empty.tsx";
import { Failed } from "../parts/failed.tsx";
import { FilmCard } from "../parts/film-card.tsx";
import { Icon } from "../parts/icon.tsx";
import { Poster } from "../parts/poster.tsx";
import { Record } from "../parts/record.tsx";
import { Skeletons } from "../parts/skeleton.tsx";
import { arrival, go, search } from "../state/address.ts";
import { counts, isSeen, isSnoozed } from "../state/library.ts";
import { hasEnded } from "../state/preferences.ts";
import {
  type Asked,
  askedBy,
  history,
  libraryAddress,
  moreHistory,
  moreOfShelf,
  openHistory,
  openShelf,
  SHELVES,
  SORTS,
  type Sort,
  shelf,
  undoFromHistory,
} from "../state/shelf.ts";
import { dateTime, number, t } from "../state/strings.ts";

const EMPTY_GENRES: Record<Shelf, string> = {
  liked: "romance",
  fine: "comedy",
  disliked: "horror",
  seen: "film-noir",
  saved: "adventure",
  snoozed: "drama",
};

function Tabs({ asked }: { asked: Asked }) {
  return (
    <nav class="tabs" aria-label={t("library.shelves")}>
      {SHELVES.map((show) => (
        <a
          key={show}
          href={libraryAddress({ ...asked, show })}
          aria-current={asked.show === show ? "page" : undefined}
        >
          {t(`shelf.${show}`)} <span class="soft">{number(counts.value[show])}</span>
        </a>
      ))}
      <a
        href={libraryAddress({ ...asked, show: "history" })}
        aria-current={asked.show === "history" ? "page" : undefined}
      >
        {t("shelf.history")}
      </a>
    </nav>
  );
}

function Tools({ asked }: { asked: Asked }) {
  const to = (change: Partial<Asked>) => go(libraryAddress({ ...asked, ...change }), { replace: true });
  return (
    <form class="tools" onSubmit={(event) => event.preventDefault()}>
      <label>
        <span>{t("library.search")}</span>
        <input
          type="search"
          value={asked.q}
          autocomplete="off"
          onInput={(event) => to({ q: event.currentTarget.value })}
        />
      </label>
      <label>
        <span>{t("library.sort")}</span>
        <select value={asked.sort} onChange={(event) => to({ sort: event.currentTarget.value as Sort })}>
          {SORTS.map((sort) => (
            <option key={sort} value={sort}>
              {t(`sort.${sort}`)}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}

function ShelfView({ asked }: { asked: Asked & { show: Shelf } }) {
  const { status, value, error } = shelf.value;
  if (status === "failed") return <Failed error={error} again={() => openShelf(false)} />;
  if (!value || value.show !== asked.show) return <Skeletons sizes={["usual", "usual", "usual", "usual"]} />;
  if (value.films.length === 0)
    return (
      <Empty title={t(`shelf.${asked.show}`)} genre={EMPTY_GENRES[asked.show]}>
        <p>{asked.q ? t("library.none_found", { q: asked.q }) : t(`shelf.${asked.show}.none`)}</p>
        {!asked.q && (
          <a class="button" href="/">
            {t("library.to_picks")}
          </a>
        )}
      </Empty>
    );
  return (
    <>
      <div class="cards" data-cards>
        {value.films.map((film) => (
          <FilmCard key={film.id} film={film} />
        ))}
      </div>
      {value.next && (
        <p class="more">
          <button type="button" class="button" onClick={() => void moreOfShelf()}>
            {t("more")}
          </button>
        </p>
      )}
    </>
  );
}

/** What a change made of a film, in words: "Liked it, saved". */
function said(change: Change): string {
  const after = change.after;
  if (!after) return t("history.forgotten");
  const words = [
    after.verdict && t(`verdict.${after.verdict}`),
    !after.verdict && isSeen(after) && t("shelf.seen"),
    after.saved && t("shelf.saved"),
    isSnoozed(after) && t("shelf.snoozed"),
    after.rating !== null && t("history.rating", { rating: after.rating }),
    !after.taste && t("history.friend"),
  ].filter((word) => typeof word === "string");
  return words.length > 0 ? words.join(" · ") : t("history.forgotten");
}

function History() {
  const { status, value, error } = history.value;
  if (status === "failed") return <Failed error={error} again={() => void openHistory()} />;
  if (!value) return <Skeletons sizes={["usual", "usual"]} />;
  if (value.changes.length === 0)
    return (
      <Empty title={t("shelf.history")} genre="documentary">
        <p>{t("history.none")}</p>
      </Empty>
    );
  return (
    <>
      <ol class="history">
        {value.changes.map((change) => (
          <li key={change.id} class={change.undone ? "is-undone" : ""}>
            <Poster film={change.film} />
            <div>
              <a class="title" href={`/film/${change.film.id}`}>
                {change.film.title} <span class="soft">{change.film.year}</span>
              </a>
              <p class="dotted">
                <span>{said(change)}</span>
                <time class="soft" dateTime={change.said_at}>
                  {dateTime(change.said_at)}
                </time>
              </p>
            </div>
            {change.undone ? (
              <span class="soft">{t("history.undone")}</span>
            ) : (
              <button type="button" class="button" onClick={() => void undoFromHistory(change)}>
                <Icon name="undo" /> {t("undo")} <span class="unseen">{change.film.title}</span>
              </button>
            )}
          </li>
        ))}
      </ol>
      {value.next && (
        <p class="more">
          <button type="button" class="button" onClick={() => void moreHistory()}>
            {t("more")}
          </button>
        </p>
      )}
    </>
  );
}

/** My films: what was said, by shelf, and the history in which everything can be taken back. */
export function LibraryView() {
  const asked = askedBy(search.value);
  const address = libraryAddress(asked);
  useEffect(() => {
    openShelf(arrival.peek() === "back");
  }, [address]);
  const { show } = asked;
  const heading = <h1 tabIndex={-1}>{t("library.title")}</h1>;
  // Somebody's films are kept, but nobody knows whose until they sign in: the line at the top says so.
  if (hasEnded.value === "yes") return heading;
  return (
    <>
      {heading}
      <Record />
      <Tabs asked={asked} />
      {show !== "history" && (asked.q !== "" || counts.value[show] > 1) && <Tools asked={asked} />}
      <h2 class="unseen">{show === "history" ? t("shelf.history") : t(`shelf.${show}`)}</h2>
      {show === "history" && <AnsweredReasons />}
      {show === "history" ? <History /> : <ShelfView asked={{ ...asked, show }} />}
    </>
  );
}
