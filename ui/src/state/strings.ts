/** The chosen language: texts from `strings/`, and plurals, numbers, dates and names by `Intl`. */
import { computed, signal } from "@preact/signals";
import type { ComponentChild } from "preact";
import type whole from "../strings/en.json";
import en from "../strings/en.json?first";
import { chosenLanguage, LANGUAGES, type Language } from "./preferences.ts";

export type Key = keyof typeof whole;
type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Catalogue = Record<Key, string | Plural>;
export type Values = Record<string, string | number>;

/** The texts of the first screens, and those of screens that are loaded later. */
const loaders: Record<Language, readonly [() => Promise<Catalogue>, () => Promise<Catalogue>]> = {
  en: [async () => en, async () => (await import("../strings/en.json?later")).default],
  de: [
    async () => (await import("../strings/de.json?first")).default,
    async () => (await import("../strings/de.json?later")).default,
  ],
};
const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur"]);

/** At first the English texts without those of screens that are loaded later. */
const shown = signal<{ language: Language; texts: Catalogue; isWhole: boolean }>({
  language: "en",
  texts: en,
  isWhole: false,
});

/** The language of the texts on screen. */
export const language = computed(() => shown.value.language);

/** The first of the reader's languages that we have; English when we have none. */
export function bestLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = LANGUAGES.find((one) => tag.toLowerCase().split("-")[0] === one);
    if (found) return found;
  }
  return "en";
}

/** Loads the texts that the reader chose, or that the browser asks for, and puts them on screen. */
export async function useLanguage(): Promise<void> {
  const wanted = chosenLanguage.value === "system" ? bestLanguage(navigator.languages) : chosenLanguage.value;
  if (wanted !== shown.peek().language) await show(wanted);
  document.documentElement.lang = wanted;
  document.documentElement.dir = RIGHT_TO_LEFT.has(wanted) ? "rtl" : "ltr";
}

/** A screen that needs all texts keeps having them in another language. */
async function show(language: Language, isWhole = shown.peek().isWhole): Promise<void> {
  const [first, later] = loaders[language];
  const texts = await Promise.all(isWhole ? [first(), later()] : [first()]);
  shown.value = { language, texts: Object.assign({}, ...texts), isWhole };
}

/** Waits for the texts of the screens that are loaded later. */
export async function allTexts(): Promise<void> {
  if (!shown.peek().isWhole) await show(shown.peek().language, true);
}

/** Dates and numbers follow the reader's region where it speaks the page's language: English in Dublin has 24/11. */
export const locale = computed(
  () => navigator.languages.find((tag) => tag.split("-")[0] === language.value) ?? language.value,
);

const plurals = computed(() => new Intl.PluralRules(locale.value));
const numbers = computed(() => new Intl.NumberFormat(locale.value));
const scores = computed(
  () => new Intl.NumberFormat(locale.value, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
);
const days = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: "long" }));
const moments = computed(
  () => new Intl.DateTimeFormat(locale.value, { dateStyle: "medium", timeStyle: "short" }),
);
const lists = computed(() => new Intl.ListFormat(locale.value, { type: "conjunction" }));
const languageNames = computed(
  () => new Intl.DisplayNames([locale.value], { type: "language", fallback: "code" }),
);
const regionNames = computed(
  () => new Intl.DisplayNames([locale.value], { type: "region", fallback: "code" }),
);

export const number = (value: number): string => numbers.value.format(value);
export const score = (value: number): string => scores.value.format(value);
export const list = (words: readonly string[]): string => lists.value.format(words);
export const dateTime = (iso: string): string => moments.value.format(new Date(iso));
/** A calendar day (`2026-11-23`), which is the same day in every time zone. */
export const date = (iso: string): string => days.value.format(new Date(`${iso.slice(0, 10)}T12:00:00`));

function named(names: Intl.DisplayNames, code: string): string {
  try {
    return names.of(code) ?? code;
  } catch {
    return code; // not a code that Intl can read
  }
}
export const languageName = (code: string): string => named(languageNames.value, code);
export const countryName = (code: string): string => named(regionNames.value, code);

function template(key: Key, values: Record<string, unknown>): string {
  const text = shown.value.texts[key];
  if (typeof text === "string") return text;
  return text[plurals.value.select(Number(values.count))] ?? text.other;
}

/** The text of `key`, with its `{places}` filled; a text with plural forms goes by `count`. */
export function t(key: Key, values: Values = {}): string {
  return template(key, values).replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = values[name];
    return value === undefined ? place : typeof value === "number" ? number(value) : value;
  });
}

/** As `t`, for places that hold elements. */
export function rich(key: Key, values: Record<string, ComponentChild>): ComponentChild[] {
  return template(key, values)
    .split(/(\{\w+\})/)
    .map((part) => (part.startsWith("{") ? (values[part.slice(1, -1)] ?? part) : part));
}

/** A list in words whose members are elements: "Heat, Alien and Fargo". */
export function richList(members: readonly ComponentChild[]): ComponentChild[] {
  return lists.value
    .formatToParts(members.map((_, index) => String(index)))
    .map((part) => (part.type === "element" ? members[Number(part.value)] : part.value));
}

/** The name of a genre; one that this version does not know keeps its slug, readable. */
export function genreName(slug: string): string {
  const key = `genre.${slug}`;
  return key in shown.value.texts ? t(key as Key) : slug.replace(/-/g, " ");
}

/** Whether the chosen language has a text of that name. */
export function hasText(key: string): key is Key {
  return key in shown.value.texts;
}
