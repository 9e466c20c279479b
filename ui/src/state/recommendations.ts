/** The list of For you: stable within a visit; a film that was answered is replaced in its place. */
import { signal } from "@preact/signals";
import {
  api,
  type Film,
  type Pending,
  type Recommendation,
  type Recommendations,
  type Seen,
} from "../api.ts";
import { keepAsking } from "./asking.ts";
import { type Dial, holdsTheSame } from "./filters.ts";
import { answersTo, isDecided, whenKept, whenSaid } from "./library.ts";
import { Loader } from "./loading.ts";
import { written } from "./outbox.ts";
import { knownTaste } from "./preferences.ts";

/** One large card, then rows of two: an odd number fills them. */
export const FIRST = 15;
export const MORE = 12;
/** Fetched with the first page, so that a card that goes has a successor at hand. */
const FETCHED = 27;
/** The API answers so many at once. */
const MOST = 100;

export interface List {
  query: string;
  items: readonly Recommendation[];
  /** Ranked behind the items, not shown yet. */
  reserve: readonly Recommendation[];
  next: string | null;
  count: number;
  leftOut: Record<string, number>;
  hint: string | null;
  relax: Recommendations["relax"];
  /** Where the dials stood for this list. */
  dials: Record<Dial, number>;
  /** How many were asked for first, and what the answer was known by. */
  limit: number;
  seen: Seen;
  /** What is still looked up of the films that were answered; `wasPending` says that there was some. */
  pending: Pending;
  wasPending: boolean;
}

const loader = new Loader<List>();
export const list = loader.state;

/** Whether there is anything to go by; null until the server has said. */
export const hasTaste = signal<boolean | null>(null);

/** Whether answers given since would change the list. */
export const isStale = signal(false);
export const isFetchingMore = signal(false);

interface Gone {
  item: Recommendation;
  index: number;
  successor: Recommendation | undefined;
}
/** Where a film stood when it was answered and what took its place, so that undoing puts it back there. */
const removed = new Map<number, Gone>();

/** Counts lists: what was asked for an older one is not wanted any more. */
let generation = 0;

async function fetchPage(
  query: string,
  cursor: string | null,
  limit: number,
  signal?: AbortSignal,
  seen: Seen = { etag: null },
) {
  const params = new URLSearchParams(query);
  params.set("limit", String(limit));
  if (cursor) params.set("cursor", cursor);
  return api.recommendations(params, seen, signal);
}

/** Not answered yet: something may have been said of a film while its list was on the way. */
const isOpen = ({ film }: Recommendation): boolean => !isDecided(answersTo(film.id).peek());

async function fetchList(query: string, wanted: number, signal: AbortSignal): Promise<List> {
  await written();
  const limit = Math.min(MOST, wanted + FETCHED - FIRST);
  const seen = { etag: null };
  const page = (await fetchPage(query, null, limit, signal, seen)) as Recommendations;
  return listOf(page, { query, wanted, limit, seen });
}

function listOf(
  page: Recommendations,
  { query, wanted, limit, seen }: { query: string; wanted: number; limit: number; seen: Seen },
): List {
  removed.clear();
  generation += 1;
  isFetchingMore.value = false;
  isStale.value = false;
  hasTaste.value = page.hint !== "empty_taste";
  knownTaste.value = hasTaste.value ? "yes" : "no";
  const open = page.items.filter(isOpen);
  return {
    query,
    items: open.slice(0, wanted),
    reserve: open.slice(wanted),
    next: page.next,
    count: page.count,
    leftOut: page.left_out,
    hint: page.hint,
    relax: page.relax,
    dials: { known: page.known, spread: page.spread },
    limit,
    seen,
    pending: page.pending,
    wasPending: page.pending.fetching + page.pending.waiting > 0,
  };
}

/** Whether somebody is at work on the list: it then stays as it is, and a newer one is offered. */
function isInUse(list: List): boolean {
  const hasFocus = document.activeElement?.closest("[data-cards]") != null;
  return removed.size > 0 || list.items.length > FIRST || hasFocus || window.scrollY > 200;
}

/** Takes in a newer ranking of the list at hand. */
function takeIn(list: List, page: Recommendations): List {
  const shown = [...list.items, ...list.reserve];
  const isSame = shown.every((pick, index) => pick.film.id === page.items[index]?.film.id);
  if (!isSame && !isInUse(list)) return { ...listOf(page, { ...list, wanted: FIRST }), wasPending: true };
  if (!isSame) isStale.value = true;
  const newer = new Map(page.items.map((pick) => [pick.film.id, pick]));
  const renew = (pick: Recommendation) => newer.get(pick.film.id) ?? pick;
  return {
    ...list,
    items: list.items.map(renew),
    reserve: list.reserve.map(renew),
    pending: page.pending,
    wasPending: true,
  };
}

/** Fills the list in while answered films are looked up; gives how to stop. */
export function keepFilling(): () => void {
  const stopping = new AbortController();
  const { signal } = stopping;
  void keepAsking(
    async () => {
      const { status, value } = loader.state.peek();
      if (!value || status === "failed") return false;
      const mine = generation;
      const page = await fetchPage(value.query, null, value.limit, signal, value.seen);
      if (signal.aborted) return false;
      if (page && generation === mine) loader.change((list) => takeIn(list, page));
      return (loader.state.peek().value?.pending.fetching ?? 0) > 0;
    },
    { signal },
  );
  return () => stopping.abort();
}

export async function refresh(query: string): Promise<void> {
  const { value } = loader.state.peek();
  const isFresh = value === null || !holdsTheSame(value.query, query);
  await loader.load((signal) => fetchList(query, FIRST, signal), { isFresh });
}

/** Ranks the list at hand anew, as long as it is: what changed is seen where it stands. */
export async function refreshInPlace(): Promise<void> {
  const { value } = loader.state.peek();
  if (value)
    await loader.load((signal) => fetchList(value.query, Math.max(FIRST, value.items.length), signal));
}

/** Shows the list for these filters: the one at hand for somebody who comes back, a fresh one when answers changed it. */
export function open(query: string, isBack: boolean): void {
  const { status, value } = loader.state.peek();
  const isThere = value?.query === query && status !== "failed";
  if (isThere && (isBack || !isStale.peek())) return;
  void refresh(query);
}

/** Puts off asking, so that three taps in a row ask once. */
const SETTLE_MS = 120;
let settling: ReturnType<typeof setTimeout> | undefined;
export function refreshSoon(query: string): void {
  clearTimeout(settling);
  settling = setTimeout(() => void refresh(query), SETTLE_MS);
}

async function refill(): Promise<void> {
  const { value } = loader.state.peek();
  if (!value?.next || isFetchingMore.peek()) return;
  const mine = generation;
  isFetchingMore.value = true;
  try {
    const page = await fetchPage(value.query, value.next, FETCHED);
    if (generation !== mine || !page) return;
    loader.change((list) => {
      const had = new Set([...list.items, ...list.reserve].map((item) => item.film.id));
      const fresh = page.items.filter((item) => !had.has(item.film.id) && isOpen(item));
      return { ...list, reserve: [...list.reserve, ...fresh], next: page.next };
    });
  } catch {
    // The list stays as it is: "more" can be asked for again.
  } finally {
    if (generation === mine) isFetchingMore.value = false;
  }
}

/** Shows the next films of the list. */
export async function more(): Promise<void> {
  if ((loader.state.peek().value?.reserve.length ?? 0) < MORE) await refill();
  loader.change((list) => ({
    ...list,
    items: [...list.items, ...list.reserve.slice(0, MORE)],
    reserve: list.reserve.slice(MORE),
  }));
}

function remove(film: Film): void {
  loader.change((list) => {
    const index = list.items.findIndex((item) => item.film.id === film.id);
    const item = list.items[index];
    if (!item) return { ...list, reserve: list.reserve.filter((one) => one.film.id !== film.id) };
    // Somebody who answers here has turned from the wall to the list: it stays now.
    clearTimeout(settling);
    const [successor, ...reserve] = list.reserve;
    removed.set(film.id, { item, index, successor });
    const items = [...list.items];
    items.splice(index, 1, ...(successor ? [successor] : []));
    return { ...list, items, reserve, count: Math.max(0, list.count - 1) };
  });
  if ((loader.state.peek().value?.reserve.length ?? 0) < MORE) void refill();
}

function putBack(film: Film): void {
  const gone = removed.get(film.id);
  if (!gone) return;
  removed.delete(film.id);
  loader.change((list) => {
    const { item, index, successor } = gone;
    const isStillThere = successor !== undefined && list.items[index] === successor;
    return {
      ...list,
      items: list.items.toSpliced(index, isStillThere ? 1 : 0, item),
      reserve: isStillThere ? [successor, ...list.reserve] : list.reserve,
      count: list.count + 1,
    };
  });
}

/** Changes what is known of a recommended film. */
export function changePick(film: number, how: (pick: Recommendation) => Recommendation): void {
  const changed = (picks: readonly Recommendation[]) =>
    picks.map((pick) => (pick.film.id === film ? how(pick) : pick));
  loader.change((list) => ({ ...list, items: changed(list.items), reserve: changed(list.reserve) }));
}

export function watchLibrary(): void {
  const moved = new Set<number>();
  // A film that was for a friend, or was not after all: the list changes at once.
  whenKept((film) => {
    if (moved.delete(film.id)) void refreshInPlace();
  });
  whenSaid((film, before, after) => {
    if (before.taste !== after.taste) moved.add(film.id);
    if (before.verdict !== after.verdict) isStale.value = true;
    if (!isDecided(before) && isDecided(after)) remove(film);
    else if (isDecided(before) && !isDecided(after)) putBack(film);
  });
}

/** A film as the list at hand recommends it; null when it does not. */
export function pickOf(film: number): Recommendation | null {
  const { value } = loader.state.value;
  return (value && [...value.items, ...value.reserve].find((pick) => pick.film.id === film)) ?? null;
}
