/** What the filters can be set to, asked once. */
import { signal } from "@preact/signals";
import { api, type CodeCount, type GenreCount, type Person } from "../api.ts";
import { list } from "./recommendations.ts";

export const genres = signal<readonly GenreCount[]>([]);
export const languages = signal<readonly CodeCount[]>([]);
export const countries = signal<readonly CodeCount[]>([]);

/** American certificates, mildest first; others are rare in the data and can still be given in the address. */
export const CERTIFICATES = [
  "G",
  "PG",
  "PG-13",
  "R",
  "NC-17",
  "TV-Y7",
  "TV-G",
  "TV-PG",
  "TV-14",
  "TV-MA",
] as const;

let asked: Promise<void> | null = null;

export function fetchFacets(): Promise<void> {
  asked ??= (async () => {
    const [ofGenres, ofLanguages, ofCountries] = await Promise.all([
      api.genres(),
      api.languages(),
      api.countries(),
    ]);
    genres.value = ofGenres.items;
    languages.value = ofLanguages.items;
    countries.value = ofCountries.items;
  })().catch(() => {
    asked = null; // asked again when the filters are opened next
  });
  return asked;
}

const people = new Map<string, string>();

/** Notes a name, so that a chip can say it. */
export function meet(person: Person): void {
  people.set(String(person.id), person.name);
}

/** The name behind a person in the address; those in the list that the filter gave are known by it. */
export function personName(id: string): string | null {
  const met = people.get(id);
  if (met) return met;
  for (const { film } of list.value.value?.items ?? []) {
    const person = [...film.directors, ...film.creators, ...film.cast].find((one) => String(one.id) === id);
    if (person) return person.name;
  }
  return null;
}

export const findPeople = async (q: string, signal: AbortSignal) => (await api.people(q, signal)).items;
