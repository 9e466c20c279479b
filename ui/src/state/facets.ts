/** What the filters can be set to, asked once. */
import { signal } from "@preact/signals";
import { api, type Genre, type Person, type Place } from "../api.ts";

export const genres = signal<readonly Genre[]>([]);
export const languages = signal<readonly Place[]>([]);
export const countries = signal<readonly Place[]>([]);
export const certificates = signal<readonly string[]>([]);

/** Below this a certificate is some other country's or a slip; it still works in the address. */
const USUAL = 20;

let asked: Promise<void> | null = null;

export function fetchFacets(): Promise<void> {
  asked ??= (async () => {
    const [ofGenres, ofLanguages, ofCountries, ofCertificates] = await Promise.all([
      api.genres(),
      api.languages(),
      api.countries(),
      api.certificates(),
    ]);
    genres.value = ofGenres.items;
    languages.value = ofLanguages.items;
    countries.value = ofCountries.items;
    certificates.value = ofCertificates.items.filter(({ films }) => films >= USUAL).map(({ code }) => code);
  })().catch(() => {
    asked = null; // asked again when the filters are opened next
  });
  return asked;
}

/** Names behind the numbers of people in the address; null while one is asked for. */
const people = signal<ReadonlyMap<string, string | null>>(new Map());

/** Notes a name, so that a chip can say it. */
export function meet(person: Person): void {
  people.value = new Map(people.peek()).set(String(person.id), person.name);
}

export function personName(id: string): string | null {
  return people.value.get(id) ?? null;
}

/** Asks for the names that are not known yet, as after opening a bookmark. */
export function meetAll(ids: readonly string[]): void {
  for (const id of ids.filter((one) => !people.peek().has(one))) {
    people.value = new Map(people.peek()).set(id, null);
    api.person(id).then(meet, () => {}); // without a name the chip shows the number
  }
}

export const findPeople = async (q: string, signal: AbortSignal) => (await api.people(q, signal)).items;
