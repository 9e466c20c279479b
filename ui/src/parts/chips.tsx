import { useEffect } from "preact/hooks";
import { meetAll, personName } from "../state/facets.ts";
import { type Active, active, type FilterName, filters, setFilters, without } from "../state/filters.ts";
import { countryName, genreName, languageName, score, t } from "../state/strings.ts";
import { runtime } from "./facts.tsx";
import { Icon } from "./icon.tsx";

/** A filter that is on, in words: "Drama", "not Horror", "from 1990". */
export function filterWords({ name, value }: Active): string {
  switch (name) {
    case "kind":
      return t(value === "series" ? "kind.series" : "kind.movie");
    case "genre":
      return genreName(value);
    case "genre_out":
      return t("chip.genre_out", { genre: genreName(value) });
    case "language":
      return languageName(value);
    case "country":
      return countryName(value);
    case "person":
      return personName(value) ?? t("chip.person", { id: value });
    case "certificate":
      return value;
    case "year_min":
    case "year_max":
      return t(`chip.${name}`, { year: value });
    case "runtime_min":
    case "runtime_max":
      return t(`chip.${name}`, { runtime: runtime(Number(value)) });
    case "score_min":
      return t("chip.score_min", { score: score(Number(value)) });
    case "votes_min":
      return t("chip.votes_min", { count: Number(value) });
  }
}

/** What a filter is about: "Genre", "Years". */
export function filterName(name: FilterName): string {
  return t(`filter.${name}`);
}

/** The filters that are on, each with a button that takes it off. */
export function Chips() {
  const { person } = filters.value;
  const on = active(filters.value);
  useEffect(() => meetAll(person), [person]);
  if (on.length === 0) return null;
  return (
    <ul class="chips" aria-label={t("filters.on")}>
      {on.map((one) => (
        <li key={`${one.name}=${one.value}`}>
          <button
            type="button"
            class="chip is-on"
            aria-label={t("filters.remove", { filter: filterWords(one) })}
            onClick={() => setFilters(without(filters.peek(), one.name, one.value))}
          >
            {filterWords(one)} <Icon name="close" />
          </button>
        </li>
      ))}
      {on.length > 1 && (
        <li>
          <a class="chip" href="/">
            {t("filters.clear")}
          </a>
        </li>
      )}
    </ul>
  );
}
