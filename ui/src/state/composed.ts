/** A short description composed from facts, for films that have none: "1995 animated comedy by John Lasseter …". */
import type { ComponentChild } from "preact";
import type { Film, Person } from "../api.ts";
import { hasText, rich, richList, t } from "./strings.ts";

/** What a film is first of all, the most telling first; a genre that is not here only colours another. */
const NOUNS = [
  "documentary",
  "western",
  "musical",
  "comedy",
  "thriller",
  "horror",
  "drama",
  "adventure",
  "mystery",
  "romance",
] as const;
/** What may stand before the noun, the most telling first. */
const MODIFIERS = [
  "animation",
  "sci-fi",
  "film-noir",
  "horror",
  "crime",
  "war",
  "fantasy",
  "romance",
  "music",
  "mystery",
  "history",
  "biography",
  "sport",
  "politics",
  "family",
  "children",
  "adventure",
  "action",
] as const;

/** Two people a role: more is a list, not a sentence. */
const NAMED = 2;

export interface Composed {
  sentence: ComponentChild[];
  /** Stars that the sentence left out. */
  others: readonly Person[];
}

function whatItIs(film: Film): string {
  const noun = NOUNS.find((genre) => film.genres.includes(genre));
  const modifier = MODIFIERS.find((genre) => genre !== noun && film.genres.includes(genre));
  const key = `noun.${film.kind}.${noun ?? "film"}`;
  const name = t(hasText(key) ? key : `noun.${film.kind}.film`);
  const before = modifier && `modifier.${modifier}`;
  return before && hasText(before) ? t("composed.modified", { modifier: t(before), noun: name }) : name;
}

/** The sentence, its people turned into elements by `element`. */
export function composed(film: Film, element: (person: Person) => ComponentChild): Composed {
  const makers = (film.directors.length > 0 ? film.directors : film.creators).slice(0, NAMED);
  const stars = film.cast.slice(0, NAMED);
  let sentence: ComponentChild[] = [whatItIs(film)];
  if (film.year !== null) sentence = rich("composed.year", { year: String(film.year), what: sentence });
  if (makers.length > 0)
    sentence = rich("composed.by", { what: sentence, names: richList(makers.map(element)) });
  if (stars.length > 0)
    sentence = rich("composed.with", { what: sentence, names: richList(stars.map(element)) });
  return { sentence, others: film.cast.slice(NAMED) };
}
