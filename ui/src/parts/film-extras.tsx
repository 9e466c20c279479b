import { Fragment } from "preact";
import { useEffect } from "preact/hooks";
import type { Film, FilmDetail, Offer } from "../api.ts";
import { hasDetail } from "../state/film.ts";
import { openSources, sourceOf } from "../state/sources.ts";
import { countryName, date, hasText, list, score, t } from "../state/strings.ts";
import { Credit } from "./credit.tsx";
import { PersonLink, sourceName } from "./facts.tsx";
import { Icon } from "./icon.tsx";

function outside(film: Film): { name: string; href: string }[] {
  const { imdb, tmdb, "tmdb-tv": series } = film.refs as Record<string, string | undefined>;
  return [
    imdb && /^tt\d+$/.test(imdb) ? { name: "IMDb", href: `https://www.imdb.com/title/${imdb}/` } : null,
    tmdb && /^\d+$/.test(tmdb) ? { name: "TMDB", href: `https://www.themoviedb.org/movie/${tmdb}` } : null,
    series && /^\d+$/.test(series) ? { name: "TMDB", href: `https://www.themoviedb.org/tv/${series}` } : null,
  ].filter((link) => link !== null);
}

function fromWhom(film: Film | FilmDetail, field: string): string | null {
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
function knownFields(film: FilmDetail): [field: string, source: string][] {
  return Object.entries(film.sources).filter(
    ([field]) => field !== "votes" && (field !== "poster" || film.poster),
  );
}

/** When the source of a field told it; null for what was shipped. */
function toldOn(film: FilmDetail, field: string): string | null {
  // The most trusted source that knows a field tells it.
  const teller = film.facts.find((one) => one.fields.includes(field));
  return teller && teller.source === film.sources[field] ? date(teller.fetched_at) : null;
}

/** Every fact with its source and the day it was told. */
function WhereFrom({ film }: { film: FilmDetail }) {
  return (
    <details>
      <summary>{t("from.show")}</summary>
      <ul>
        {knownFields(film).map(([field, source]) => {
          const key = `field.${field}`;
          const day = toldOn(film, field);
          return (
            <li key={field}>
              {hasText(key) ? t(key) : field}: {sourceName(source)}
              {day && `, ${day}`}
            </li>
          );
        })}
      </ul>
    </details>
  );
}

const WAYS: readonly Offer["way"][] = ["subscription", "free", "ads", "rent", "buy"];

/** The reader's country where offers there are known, else the one for which they are. */
function countryOf(offers: readonly Offer[]): string | undefined {
  const mine = navigator.languages.map((tag) => new Intl.Locale(tag).region);
  return mine.find((region) => offers.some((offer) => offer.country === region)) ?? offers[0]?.country;
}

/** Where to watch it. */
function Offers({ film }: { film: FilmDetail }) {
  const country = countryOf(film.offers);
  if (!country) return null;
  const here = film.offers.filter((offer) => offer.country === country);
  const source = film.sources.offers;
  const day = toldOn(film, "offers");
  return (
    <section class="offers" aria-labelledby="offers">
      <h2 id="offers">{t("from.watch", { country: countryName(country) })}</h2>
      <dl class="all-facts">
        {WAYS.map((way) => {
          const providers = here.filter((offer) => offer.way === way).map((offer) => offer.provider);
          return (
            providers.length > 0 && (
              <Fact key={way} label={t(`from.way.${way}`)} source={null}>
                {list([...new Set(providers)])}
              </Fact>
            )
          );
        })}
      </dl>
      {source && (
        <p class="soft source">
          {t("film.source", { source: sourceName(source) })}
          {day && `, ${day}`}
          {source === "tmdb" && (
            <>
              {" · "}
              <a href="https://www.justwatch.com/" target="_blank" rel="noopener noreferrer">
                {t("from.justwatch")}
              </a>
            </>
          )}
        </p>
      )}
    </section>
  );
}

/** The words by which sources want to be named. */
function Credits({ film }: { film: FilmDetail }) {
  const names = [...new Set(film.facts.map((facts) => facts.source).filter((name) => name !== "catalogue"))];
  const hasNames = names.length > 0;
  useEffect(() => {
    if (hasNames) void openSources();
  }, [hasNames]);
  const credits = names.map((name) => sourceOf(name)?.credit ?? "").filter((credit) => credit !== "");
  if (credits.length === 0) return null;
  return (
    <p class="soft source">
      {credits.map((credit, index) => (
        <Fragment key={credit}>
          {index > 0 && <br />}
          <Credit words={credit} />
        </Fragment>
      ))}
    </p>
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
        <Fact label={t("film.original_title")} source={fromWhom(film, "original_title")}>
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
          source={fromWhom(film, "credits")}
        >
          {people(film.directors)}
        </Fact>
      )}
      {film.creators.length > 0 && (
        <Fact label={t("film.creators")} source={fromWhom(film, "credits")}>
          {people(film.creators)}
        </Fact>
      )}
      {film.cast.length > 0 && (
        <Fact label={t("film.cast")} source={fromWhom(film, "cast") ?? fromWhom(film, "credits")}>
          {people(film.cast)}
        </Fact>
      )}
      {film.countries.length > 0 && (
        <Fact
          label={t("film.countries", { count: film.countries.length })}
          source={fromWhom(film, "countries")}
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
          <WhereFrom film={film} />
        </Fact>
      )}
    </dl>
  );
}

/** All that is known with its sources, where to watch it, and links outside. What may come later stands lower. */
export function FilmExtras({ film }: { film: Film | FilmDetail }) {
  const links = outside(film);
  return (
    <>
      <AllFacts film={film} />
      {hasDetail(film) && <Offers film={film} />}
      {hasDetail(film) && <Credits film={film} />}
      {links.length > 0 && (
        <p class="buttons">
          {links.map((link) => (
            <a key={link.href} class="button" href={link.href} target="_blank" rel="noopener noreferrer">
              {t("film.at", { site: link.name })} <Icon name="out" />
            </a>
          ))}
        </p>
      )}
    </>
  );
}
