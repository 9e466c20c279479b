/** My films: one shelf at a time, searched and sorted, and the history of changes. */
import { batch, signal } from "@preact/signals";
import { api, type Change, type Entry, type Film, type Shelf } from "../api.ts";
import { search } from "./address.ts";
import { followBare } from "./filling.ts";
import { isOn, learn, takeCounts, undoChange, whenSaid } from "./library.ts";
import { Loader } from "./loading.ts";
import { written } from "./outbox.ts";

export const SHELVES: readonly Shelf[] = ["liked", "fine", "disliked", "seen", "saved", "snoozed"];
export const SORTS = ["recent", "title", "year", "score"] as const;
export type Sort = (typeof SORTS)[number];

export interface Asked {
  show: Shelf | "history";
  q: string;
  sort: Sort;
}

export function askedBy(params: URLSearchParams): Asked {
  const show = params.get("show");
  const sort = params.get("sort") as Sort | null;
  return {
    show: show === "history" ? "history" : (SHELVES.find((one) => one === show) ?? "liked"),
    q: (params.get("q") ?? "").slice(0, 200),
    sort: sort && SORTS.includes(sort) ? sort : "recent",
  };
}

export function libraryAddress(asked: Asked): string {
  const params = new URLSearchParams();
  if (asked.show !== "liked") params.set("show", asked.show);
  if (asked.q) params.set("q", asked.q);
  if (asked.sort !== "recent") params.set("sort", asked.sort);
  const text = params.toString();
  return text ? `/library?${text}` : "/library";
}

interface Shown {
  key: string;
  show: Shelf;
  films: readonly Film[];
  next: string | null;
  count: number;
}
const PAGE = 40;
const shelfLoader = new Loader<Shown>();
export const shelf = shelfLoader.state;

interface History {
  changes: readonly Change[];
  next: string | null;
}
const historyLoader = new Loader<History>();
export const history = historyLoader.state;
/** Set by every change said here, so that a shelf that is opened again is fetched again. */
const isStale = signal(false);
const places = new Map<number, number>();

const take = (entries: readonly Entry[]): Film[] => {
  learn(entries);
  const films = entries.map((entry) => entry.film);
  followBare(films);
  return films;
};

export function openShelf(isBack: boolean): void {
  const asked = askedBy(search.value);
  if (asked.show === "history") {
    if (!isBack || historyLoader.state.peek().status !== "ready") void openHistory();
    return;
  }
  const show = asked.show;
  const key = libraryAddress(asked);
  const { value, status } = shelfLoader.state.peek();
  if (value?.key === key && status === "ready" && (isBack || !isStale.peek())) return;
  void shelfLoader.load(
    async (signal) => {
      await written();
      const page = await api.library({ show, q: asked.q, sort: asked.sort, limit: PAGE }, signal);
      const films = take(page.items);
      batch(() => {
        takeCounts(page.counts);
        isStale.value = false;
      });
      places.clear();
      return { key, show, films, next: page.next, count: page.count };
    },
    { isFresh: value?.show !== show },
  );
}

export async function moreOfShelf(): Promise<void> {
  const { value } = shelfLoader.state.peek();
  if (!value?.next) return;
  const asked = askedBy(search.peek());
  const page = await api
    .library({ show: value.show, q: asked.q, sort: asked.sort, limit: PAGE, cursor: value.next })
    .catch(() => null);
  if (!page) return;
  const films = take(page.items);
  shelfLoader.change((shown) =>
    shown.key === value.key
      ? {
          ...shown,
          films: [...shown.films, ...films.filter((film) => !shown.films.some((one) => one.id === film.id))],
          next: page.next,
        }
      : shown,
  );
}

export async function openHistory(): Promise<void> {
  await historyLoader.load(async (signal) => {
    await written();
    const [page, library] = await Promise.all([
      api.changes({ limit: PAGE }, signal),
      api.library({ limit: 1 }, signal),
    ]);
    takeCounts(library.counts);
    return { changes: page.items, next: page.next };
  });
}

export async function moreHistory(): Promise<void> {
  const { value } = historyLoader.state.peek();
  if (!value?.next) return;
  const page = await api.changes({ limit: PAGE, cursor: value.next }).catch(() => null);
  if (!page) return;
  historyLoader.change((shown) => ({ changes: [...shown.changes, ...page.items], next: page.next }));
}

export async function undoFromHistory(change: Change): Promise<void> {
  const mark = (undone: boolean) =>
    historyLoader.change((shown) => ({
      ...shown,
      changes: shown.changes.map((one) => (one.id === change.id ? { ...one, undone } : one)),
    }));
  mark(true);
  if (!(await undoChange(change))) mark(false);
}

export function forgetShelves(): void {
  shelfLoader.reset();
  historyLoader.reset();
}

export function watchShelves(): void {
  whenSaid((film, before, after) => {
    isStale.value = true;
    shelfLoader.change((shown) => {
      const was = isOn(before, shown.show);
      const is = isOn(after, shown.show);
      if (was === is) return shown;
      const index = shown.films.findIndex((one) => one.id === film.id);
      if (!is) {
        if (index < 0) return shown;
        places.set(film.id, index);
        return { ...shown, films: shown.films.toSpliced(index, 1), count: shown.count - 1 };
      }
      const place = places.get(film.id);
      if (index >= 0 || place === undefined) return shown;
      places.delete(film.id);
      return { ...shown, films: shown.films.toSpliced(place, 0, film), count: shown.count + 1 };
    });
  });
}
