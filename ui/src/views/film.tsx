import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import type { Answers, Film, FilmDetail } from "../api.ts";
import { ApiError } from "../api.ts";
import { actOnKey } from "../parts/card-keys.ts";
import { CardMenu } from "../parts/card-menu.tsx";
import { DecisionButtons } from "../parts/decision-buttons.tsx";
import { Empty } from "../parts/empty.tsx";
import { FactLine, GenreLine, PersonLink, sourceName } from "../parts/facts.tsx";
import { Failed } from "../parts/failed.tsx";
import { FilmCard } from "../parts/film-card.tsx";
import { Icon } from "../parts/icon.tsx";
import { Poster } from "../parts/poster.tsx";
import { Reasons } from "../parts/reasons.tsx";
import { Skeletons } from "../parts/skeleton.tsx";
import { Summary } from "../parts/summary.tsx";
import { Trailer } from "../parts/trailer.tsx";
import { back } from "../state/address.ts";
import { hasDetail, openFilm, shown } from "../state/film.ts";
import { answersTo, isoDay, say } from "../state/library.ts";
import { pickOf } from "../state/recommendations.ts";
import { countryName, hasText, list, score, t } from "../state/strings.ts";

const RATINGS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

function outside(film: Film): { name: string; href: string }[] {
  const { imdb, tmdb, "tmdb-tv": series } = film.refs as Record<string, string | undefined>;
  return [
    imdb && /^tt\d+$/.test(imdb) ? { name: "IMDb", href: `https://www.imdb.com/title/${imdb}/` } : null,
    tmdb && /^\d+$/.test(tmdb) ? { name: "TMDB", href: `https://www.themoviedb.org/movie/${tmdb}` } : null,
    series && /^\d+$/.test(series) ? { name: "TMDB", href: `https://www.themoviedb.org/tv/${series}` } : null,
  ].filter((link) => link !== null);
}

function OwnAnswers({ film, answers }: { film: Film; answers: Answers }) {
  const id = useId();
  return (
    <div class="own">
      <div class="field">
        <label for={`${id}-rating`}>{t("film.rating")}</label>
        <select
          id={`${id}-rating`}
          value={answers.rating === null ? "" : String(answers.rating)}
          onChange={(event) => {
            const value = event.currentTarget.value;
            void say(film, { rating: value === "" ? null : Number(value) });
          }}
        >
          <option value="">{t("film.rating.none")}</option>
          {RATINGS.map((rating) => (
            <option key={rating} value={rating}>
              {t("film.rating.of", { rating })}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label for={`${id}-seen`}>{t("film.seen_on")}</label>
        <input
          id={`${id}-seen`}
          type="date"
          max={isoDay(new Date())}
          value={answers.seen_on ?? ""}
          onChange={(event) => {
            const day = event.currentTarget.value;
            void say(film, day ? { seen: true, seen_on: day } : { seen_on: null });
          }}
        />
      </div>
    </div>
  );
}

function sourceOf(film: Film | FilmDetail, field: string): string | null {
  const source = hasDetail(film) ? film.sources[field] : undefined;
  return source ? sourceName(source) : null;
}

function Fact({
  label,
  children,
  source,
}: {
  label: string;
  children: preact.ComponentChildren;
  source: string | null;
}) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {children} {source && <span class="soft source">{t("film.source", { source })}</span>}
      </dd>
    </div>
  );
}

/** Facts and their sources; a picture that is not here yet, and the votes behind a score, are no facts of their own. */
function known(film: FilmDetail): [field: string, source: string][] {
  return Object.entries(film.sources).filter(
    ([field]) => field !== "votes" && (field !== "poster" || film.poster),
  );
}

function AllFacts({ film }: { film: Film | FilmDetail }) {
  const alternatives = hasDetail(film) ? film.alternative_titles : [];
  const people = (who: Film["cast"]) =>
    who.map((person, index) => (
      <span key={person.id}>
        {index > 0 && ", "}
        <PersonLink person={person} />
      </span>
    ));
  return (
    <dl class="all-facts">
      {film.original_title && film.original_title !== film.title && (
        <Fact label={t("film.original_title")} source={sourceOf(film, "original_title")}>
          <span lang={film.languages[0]}>{film.original_title}</span>
        </Fact>
      )}
      {alternatives.length > 0 && (
        <Fact label={t("film.also_known")} source={null}>
          {list(alternatives)}
        </Fact>
      )}
      {film.directors.length > 0 && (
        <Fact
          label={t("film.directors", { count: film.directors.length })}
          source={sourceOf(film, "credits")}
        >
          {people(film.directors)}
        </Fact>
      )}
      {film.creators.length > 0 && (
        <Fact label={t("film.creators")} source={sourceOf(film, "credits")}>
          {people(film.creators)}
        </Fact>
      )}
      {film.cast.length > 0 && (
        <Fact label={t("film.cast")} source={sourceOf(film, "cast") ?? sourceOf(film, "credits")}>
          {people(film.cast)}
        </Fact>
      )}
      {film.countries.length > 0 && (
        <Fact
          label={t("film.countries", { count: film.countries.length })}
          source={sourceOf(film, "countries")}
        >
          {list(film.countries.map(countryName))}
        </Fact>
      )}
      {film.score && (
        <Fact label={t("film.score")} source={null}>
          {t("score.title", {
            value: score(film.score.value),
            count: film.score.votes,
            source: sourceName(film.score.source),
          })}
        </Fact>
      )}
      {film.popularity !== null && (
        <Fact label={t("film.popularity")} source={null}>
          {t("film.popularity.of", { rank: film.popularity })}
        </Fact>
      )}
      {hasDetail(film) && Object.keys(film.sources).length > 0 && (
        <Fact label={t("film.sources")} source={null}>
          <details>
            <summary>{t("film.sources.show")}</summary>
            <ul>
              {known(film).map(([field, source]) => {
                const key = `field.${field}`;
                return (
                  <li key={field}>
                    {hasText(key) ? t(key) : field}: {sourceName(source)}
                  </li>
                );
              })}
            </ul>
          </details>
        </Fact>
      )}
    </dl>
  );
}

/** One film: everything known, your answers, and more like it. */
export function FilmView({ id }: { id: number }) {
  const { status, value, error } = shown.value;
  const isWhyOpen = useSignal(true);
  useEffect(() => {
    void openFilm(id);
  }, [id]);
  const isThere = value?.film.id === id;
  useEffect(() => {
    // The heading comes after the address: it takes the focus that the screen has kept for it.
    if (isThere && document.activeElement?.id === "content") document.getElementById("film-title")?.focus();
  }, [isThere]);
  const answers = answersTo(id).value;
  if (status === "failed") {
    if (error instanceof ApiError && error.status === 404)
      return (
        <>
          <h1 tabIndex={-1}>{t("film.unknown.title")}</h1>
          <Empty title={t("film.unknown.title")} genre="mystery">
            <p>{t("film.unknown")}</p>
            <a class="button" href="/search">
              {t("start.name")}
            </a>
          </Empty>
        </>
      );
    return <Failed error={error} again={() => void openFilm(id)} />;
  }
  if (!value || value.film.id !== id)
    return (
      <>
        <h1 class="unseen">{t("loading")}</h1>
        <Skeletons sizes={["hero"]} />
      </>
    );
  const { film, similar } = value;
  const pick = pickOf(film.id);
  const links = outside(film);
  return (
    <>
      <p class="back">
        <button type="button" class="plain" onClick={back}>
          <Icon name="undo" /> {t("back")}
        </button>
      </p>
      <article
        class="film"
        data-card={film.id}
        tabIndex={-1}
        aria-labelledby="film-title"
        onKeyDown={(event) => void actOnKey(event, film, answers, isWhyOpen)}
      >
        <Poster film={film} isLink={false} />
        <div class="words">
          <div class="head">
            <h1 id="film-title" class="title" tabIndex={-1}>
              {film.title}
            </h1>
            <CardMenu film={film} answers={answers} />
          </div>
          <FactLine film={film} />
          <Summary film={film} />
          <GenreLine film={film} />
          {pick && <Reasons pick={pick} isOpen={isWhyOpen} />}
          <DecisionButtons film={film} answers={answers} />
          <Trailer film={film} />
          <OwnAnswers film={film} answers={answers} />
          <AllFacts film={film} />
          {links.length > 0 && (
            <p class="buttons">
              {links.map((link) => (
                <a key={link.href} class="button" href={link.href} target="_blank" rel="noopener noreferrer">
                  {t("film.at", { site: link.name })} <Icon name="out" />
                </a>
              ))}
            </p>
          )}
        </div>
      </article>
      {similar && similar.length > 0 && (
        <section aria-labelledby="similar">
          <h2 id="similar">{t("film.similar")}</h2>
          <div class="cards" data-cards>
            {similar.map((one) => (
              <FilmCard key={one.film.id} film={one.film} />
            ))}
          </div>
        </section>
      )}
    </>
  );
}
