import { useEffect } from "preact/hooks";
import type { Film } from "../api.ts";
import { Empty } from "../parts/empty.tsx";
import { titleWithYear, years } from "../parts/facts.tsx";
import { Failed } from "../parts/failed.tsx";
import { FilmCard } from "../parts/film-card.tsx";
import { Icon } from "../parts/icon.tsx";
import { later } from "../parts/later.tsx";
import { Poster } from "../parts/poster.tsx";
import { Skeletons } from "../parts/skeleton.tsx";
import { url } from "../state/address.ts";
import { enjoyed, openEnjoyed } from "../state/enjoyed.ts";
import { fillingOf, latest, wasFilled } from "../state/filling.ts";
import { say } from "../state/library.ts";
import { find, found, hint, isFound, openSearch, type Results, typed } from "../state/search.ts";
import { sources } from "../state/sources.ts";
import { t } from "../state/strings.ts";

const Lookup = later(async () => (await import("../parts/lookup.tsx")).Lookup);

function EnjoyedFilm({ film: known }: { film: Film }) {
  const film = latest(known);
  const state = fillingOf(film) ?? (wasFilled(film.id) ? "done" : null);
  return (
    <li>
      <Poster film={film} />
      <a class="title" href={`/film/${film.id}`}>
        {film.title} <span class="soft">{years(film)}</span>
        {state && <span class="soft state">{t(`filling.short.${state}`)}</span>}
      </a>
      <button
        type="button"
        class="round"
        aria-label={t("enjoyed.remove", { title: titleWithYear(film) })}
        onClick={() => void say(film, { verdict: null })}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}

function Enjoyed() {
  const films = enjoyed.value.value ?? [];
  return (
    <aside class="enjoyed" aria-labelledby="enjoyed">
      <h2 id="enjoyed">{t("enjoyed.title")}</h2>
      {films.length === 0 ? (
        <p class="soft">{t("enjoyed.none")}</p>
      ) : (
        <>
          <ul>
            {films.map((film) => (
              <EnjoyedFilm key={film.id} film={film} />
            ))}
          </ul>
          <a class="button strong" href="/">
            {t("enjoyed.show")}
          </a>
        </>
      )}
    </aside>
  );
}

const Cards = ({ films }: { films: readonly Film[] }) => (
  <div class="cards one-abreast" data-cards>
    {films.map((film) => (
      <FilmCard key={film.id} film={film} />
    ))}
  </div>
);

/** Where no result bears the words that were typed, so many stand above the offer to look them up elsewhere. */
const FEW = 4;

function Found({ results }: { results: Results }) {
  const { q, items } = results;
  const count = isFound(results) ? items.length : FEW;
  // What stands below the offer comes when it is known how much room that takes.
  const { status } = sources.value;
  const isSettled = Lookup.isSettled.value && (status === "ready" || status === "failed");
  return (
    <>
      {items.length === 0 ? (
        <Empty title={q} genre="mystery">
          <p>{t("search.none", { q })}</p>
        </Empty>
      ) : (
        <Cards films={items.slice(0, count)} />
      )}
      {q.trim().length > 1 && <Lookup results={results} />}
      {isSettled && items.length > count && (
        <>
          <h2>{t("search.others")}</h2>
          <Cards films={items.slice(count)} />
        </>
      )}
    </>
  );
}

function Shown() {
  const { status, value, error } = found.value;
  const q = url.value.searchParams.get("q") ?? "";
  if (status === "failed") return <Failed error={error} again={() => void find(q)} />;
  if (q.trim() === "")
    return (
      <Empty title={hint.value ?? t("search.poster")} genre="road">
        <p>{t("search.empty")}</p>
      </Empty>
    );
  if (!value) return <Skeletons sizes={["usual", "usual", "usual"]} />;
  return <Found results={value} />;
}

/** Search: results while typing, and beside them the films you have enjoyed. */
export function SearchView() {
  const q = url.value.searchParams.get("q") ?? "";
  useEffect(() => {
    openSearch();
  }, [q]);
  useEffect(() => {
    void openEnjoyed();
    // Somebody who came to search wants to type.
    if (typed.peek() === "") document.getElementById("search")?.focus();
  }, []);
  const { value, status } = found.value;
  return (
    <>
      <h1 tabIndex={-1}>{q ? t("search.title_of", { q }) : t("search.title")}</h1>
      <p class="unseen" role="status">
        {value && status === "ready" ? t("search.count", { count: value.items.length }) : ""}
      </p>
      <div class="beside">
        <section class="results" aria-labelledby="results">
          <h2 id="results" class="unseen">
            {t("search.results")}
          </h2>
          <Shown />
        </section>
        <Enjoyed />
      </div>
    </>
  );
}
