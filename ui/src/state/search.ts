/** Finding films by name: results on the Search screen, suggestions under the box elsewhere. */
import { signal } from "@preact/signals";
import { api, type Film, type Suggestion } from "../api.ts";
import { go, path, search } from "./address.ts";
import { followBare } from "./filling.ts";
import { learnAbout } from "./library.ts";
import { Loader } from "./loading.ts";

/** What stands in the search box. */
export const typed = signal("");
export const hint = signal<string | null>(null);

export interface Results {
  q: string;
  items: readonly Film[];
}
const results = new Loader<Results>();
export const found = results.state;
const LIMIT = 30;

const words = (text: string): string[] =>
  text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu) ?? [];

/** Whether one of the first results bears all the words that were typed; a year among them may be missing. */
export function isFound({ q, items }: Results): boolean {
  const typed = words(q);
  return items.slice(0, 5).some((film) => {
    const own = words(`${film.title} ${film.original_title ?? ""} ${film.year ?? ""}`);
    return typed.every((word) => own.some((one) => one.startsWith(word)));
  });
}

const suggestionsLoader = new Loader<readonly Suggestion[]>();
export const suggestions = suggestionsLoader.state;

/** A quick typist is at 80 ms a key; waiting a little longer than that asks once a word. */
const PAUSE_MS = 100;
let pause: ReturnType<typeof setTimeout> | undefined;
function afterPause(act: () => void): void {
  clearTimeout(pause);
  pause = setTimeout(act, PAUSE_MS);
}

export async function find(q: string): Promise<void> {
  if (q.trim() === "") {
    results.reset();
    return;
  }
  await results.load(async (signal) => {
    const { items } = await api.films({ q, limit: LIMIT }, signal);
    await learnAbout(items, signal).catch(() => {}); // the films are worth showing without the answers
    followBare(items);
    return { q, items };
  });
}

/** Shows the results for the address, unless they are there already. */
export function openSearch(): void {
  const q = search.value.get("q") ?? "";
  if (typed.peek().trim() !== q) typed.value = q;
  const { value, status } = results.state.peek();
  if (value?.q === q && status === "ready") return;
  if (status === "loading" && asked === q) return;
  asked = q;
  void find(q);
}
let asked = "";

/** Takes what is typed: on the Search screen it is the address and the results, elsewhere suggestions. */
export function type(text: string): void {
  typed.value = text;
  afterPause(() => {
    if (path.peek() === "/search") go(searchAddress(text), { replace: true });
    else if (text.trim() === "") suggestionsLoader.reset();
    else void suggestionsLoader.load(async (signal) => (await api.suggestions(text, signal)).d ?? []);
  });
}

export function closeSuggestions(): void {
  clearTimeout(pause);
  suggestionsLoader.reset();
}

export function searchAddress(text: string): string {
  const q = text.trim();
  return q ? `/search?q=${encodeURIComponent(q)}` : "/search";
}

export function submit(): void {
  closeSuggestions();
  go(searchAddress(typed.peek()), { replace: path.peek() === "/search" });
}

/** A random title as the box's hint. Without an answer the box does without. */
export async function fetchHint(): Promise<void> {
  hint.value = (await api.randomFilm().catch(() => null))?.title ?? null;
}
