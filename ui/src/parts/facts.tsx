import type { Film, Person, Source } from "../api.ts";
import { genreName, languageName, list, score, t } from "../state/strings.ts";

/** "2 h 50 min" */
export function runtime(minutes: number): string {
  const values = { hours: Math.floor(minutes / 60), minutes: minutes % 60 };
  if (values.hours === 0) return t("runtime.minutes", values);
  return t(values.minutes === 0 ? "runtime.hours" : "runtime", values);
}

export function years(film: Pick<Film, "year" | "end_year">): string | null {
  if (film.year === null) return null;
  // An unknown end is not "still running": it is left out.
  if (film.end_year === null || film.end_year === film.year) return String(film.year);
  return `${film.year}–${film.end_year}`;
}

/** The title as people tell films apart: "Heat (1995)". */
export function titleWithYear(film: Pick<Film, "title" | "year">): string {
  return film.year === null ? film.title : `${film.title} (${film.year})`;
}

const SOURCES: Record<string, string> = {
  movielens: "MovieLens",
  tmdb: "TMDB",
  imdb: "IMDb",
  moviefinder: "MovieFinder",
  "imdb-graphql": "IMDb",
  wikidata: "Wikidata",
  wikipedia: "Wikipedia",
  "youtube-trailers": "MovieLens 20M YouTube Trailers",
};
/** A source by its own name; a fact may have two ("tmdb, movielens"). */
export const sourceName = (source: string): string =>
  source
    .split(", ")
    .map((one) => SOURCES[one] ?? one)
    .join(", ");

/** The name of a source that the server describes: short where we have one. */
export const shortName = (source: Pick<Source, "name" | "title">): string =>
  SOURCES[source.name] ?? source.title;

export function Score({ film }: { film: Film }) {
  if (!film.score) return null;
  const { value, votes, source } = film.score;
  const words = t("score.title", { value: score(value), count: votes, source: sourceName(source) });
  return (
    <span class="score" title={words}>
      <span aria-hidden="true">
        <span class="star">★</span> {score(value)} <span class="soft">{sourceName(source)}</span>
      </span>
      <span class="unseen">{words}</span>
    </span>
  );
}

/** Year, running time, certificate and score, in one line. */
export function FactLine({ film }: { film: Film }) {
  return (
    <p class="facts dotted">
      {film.kind === "series" && <span>{t("kind.series.one")}</span>}
      {film.year !== null && <span>{years(film)}</span>}
      {film.runtime_min !== null && <span>{runtime(film.runtime_min)}</span>}
      {film.certificate && (
        <span>
          <span class="unseen">{t("filter.certificate")} </span>
          {film.certificate}
        </span>
      )}
      <Score film={film} />
    </p>
  );
}

/** Genres and languages. */
export function GenreLine({ film }: { film: Film }) {
  if (film.genres.length + film.languages.length === 0) return null;
  return (
    <p class="genres dotted">
      {film.genres.map((genre) => (
        <a key={genre} href={`/?genre=${encodeURIComponent(genre)}`}>
          {genreName(genre)}
        </a>
      ))}
      {film.languages.length > 0 && (
        <span>{t("in_language", { languages: list(film.languages.map(languageName)) })}</span>
      )}
    </p>
  );
}

export function PersonLink({ person }: { person: Person }) {
  return <a href={`/?person=${person.id}`}>{person.name}</a>;
}
