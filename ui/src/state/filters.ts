/** The filters of For you, which live in the address under the names that the API gives them. */
import { batch, computed, signal } from "@preact/signals";
import type { Kind } from "../api.ts";
import { go, path, search } from "./address.ts";
import { rememberedDials } from "./preferences.ts";

/** A filter that holds several values, each of which can be taken away. */
export const LISTS = ["genre", "genre_out", "language", "country", "person", "certificate"] as const;
/** A filter that holds one number. */
export const NUMBERS = [
  "year_min",
  "year_max",
  "runtime_min",
  "runtime_max",
  "score_min",
  "votes_min",
] as const;
/** What leans the list without taking anything off it: from 0 to 1, null where nobody moved it. */
export const DIALS = ["known", "spread"] as const;
export type Dial = (typeof DIALS)[number];
export type ListName = (typeof LISTS)[number];
export type NumberName = (typeof NUMBERS)[number];
export type FilterName = "kind" | ListName | NumberName;

export type Filters = { kind: Kind | null } & Record<ListName, readonly string[]> &
  Record<NumberName | Dial, number | null>;

/** One filter that is on, as its chip shows it. */
export interface Active {
  name: FilterName;
  value: string;
}

const WIDEST: Record<NumberName | Dial, [least: number, most: number]> = {
  year_min: [1870, 2100],
  year_max: [1870, 2100],
  runtime_min: [1, 1000],
  runtime_max: [1, 1000],
  score_min: [0, 10],
  votes_min: [1, 10_000_000],
  known: [0, 1],
  spread: [0, 1],
};

/** Reads an address; what makes no sense in it is left out. */
export function parse(params: URLSearchParams): Filters {
  const kind = params.get("kind");
  const filters = { kind: kind === "movie" || kind === "series" ? kind : null } as Filters;
  for (const name of LISTS) {
    const values = params.getAll(name).filter((value) => value !== "" && value.length <= 40);
    filters[name] = [
      ...new Set(name === "person" ? values.filter((value) => /^\d{1,15}$/.test(value)) : values),
    ];
  }
  for (const name of [...NUMBERS, ...DIALS]) {
    const text = params.get(name);
    const value = text === null || text === "" ? Number.NaN : Number(text);
    const [least, most] = WIDEST[name];
    const whole = name === "score_min" || name === "known" || name === "spread" || Number.isInteger(value);
    filters[name] = whole && value >= least && value <= most ? value : null;
  }
  return filters;
}

/** Writes an address, always in the same order: the same filters are the same text. */
export function format(filters: Filters): URLSearchParams {
  const params = new URLSearchParams();
  for (const { name, value } of active(filters)) params.append(name, value);
  for (const name of DIALS) if (filters[name] !== null) params.set(name, String(filters[name]));
  return params;
}

/** Whether two lists hold the same films, in whatever order: such a list changes in its place. */
export function holdsTheSame(one: string, other: string): boolean {
  const [mine, theirs] = [one, other].map((query) => {
    const params = new URLSearchParams(query);
    for (const name of DIALS) params.delete(name);
    return params.toString();
  });
  return mine === theirs;
}

/** Every filter that is on, in the order of the chips. */
export function active(filters: Filters): Active[] {
  return [
    ...(filters.kind ? [{ name: "kind" as const, value: filters.kind }] : []),
    ...LISTS.flatMap((name) => [...filters[name]].sort().map((value) => ({ name, value }))),
    ...NUMBERS.flatMap((name) => (filters[name] === null ? [] : [{ name, value: String(filters[name]) }])),
  ];
}

/** With `value` in the list when it was not, without it when it was. */
export function toggled(filters: Filters, name: ListName, value: string): Filters {
  const has = filters[name].includes(value);
  const changed = {
    ...filters,
    [name]: has ? filters[name].filter((one) => one !== value) : [...filters[name], value],
  };
  // Wanting a genre and leaving it out would give nothing: the later choice wins.
  const other = name === "genre" ? "genre_out" : name === "genre_out" ? "genre" : null;
  if (other && !has) changed[other] = filters[other].filter((one) => one !== value);
  return changed;
}

/** Without that filter, or without that one value of it. */
export function without(filters: Filters, name: FilterName, value?: string): Filters {
  if (name === "kind" || (NUMBERS as readonly string[]).includes(name)) return { ...filters, [name]: null };
  const list = filters[name as ListName];
  return { ...filters, [name]: value === undefined ? [] : list.filter((one) => one !== value) };
}

export function addressOf(filters: Filters): string {
  const query = format(filters).toString();
  return query ? `/?${query}` : "/";
}

export const isPanelOpen = signal(false);

/** The filters in the address of For you; none on other screens. */
export const filters = computed(() => parse(path.value === "/" ? search.value : new URLSearchParams()));
/** Where the dials stand: as the address says, else as they were left. */
export const dials = computed<Record<Dial, number | null>>(() => {
  const at = (name: Dial) => {
    const remembered = rememberedDials[name].value;
    return filters.value[name] ?? (remembered === "" ? null : Number(remembered));
  };
  return { known: at("known"), spread: at("spread") };
});
export const query = computed(() => format({ ...filters.value, ...dials.value }).toString());

export function setFilters(wanted: Filters): void {
  go(addressOf(wanted), { replace: true });
}

/** Moves a dial, here and for the next visit; null puts it back to where it stands for everybody. */
export function setDial(name: Dial, value: number | null): void {
  batch(() => {
    rememberedDials[name].value = value === null ? "" : String(value);
    setFilters({ ...filters.peek(), [name]: value });
  });
}
