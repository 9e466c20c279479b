/** Films that are being looked up: asked for again until they are whole, and then shown wherever they stand. */
import { type Signal, signal } from "@preact/signals";
import { api, type Film, type FilmDetail, type Pending, type Seen } from "../api.ts";
import { keepAsking } from "./asking.ts";
import { answersTo, isDecided, whenKept } from "./library.ts";
import { announce } from "./notices.ts";
import { t } from "./strings.ts";

interface Filling {
  /** What came last; null while nothing was asked. */
  film: FilmDetail | null;
  pending: Pending | null;
}

const cells = new Map<number, Signal<Filling>>();
const running = new Set<number>();
const announced = new Set<number>();
const listeners = new Set<(film: number) => void>();

function cellOf(film: number): Signal<Filling> {
  let cell = cells.get(film);
  if (!cell) {
    cell = signal<Filling>({ film: null, pending: null });
    cells.set(film, cell);
  }
  return cell;
}

/** The film with what has arrived since its list was fetched. */
export function latest<Known extends Film>(film: Known): Known | FilmDetail {
  const arrived = cellOf(film.id).value.film;
  // Under the number by which it is known here, also when it has turned out to be another one.
  return arrived ? { ...arrived, id: film.id } : film;
}

/** Known by little more than its name. */
export function isBare(film: Film): boolean {
  const people = film.directors.length + film.creators.length;
  return film.genres.length + people === 0 && film.runtime_min === null && film.description === null;
}

/** Whether a film of which nothing is known is looked up now, or waits for a source that does not answer. */
export function fillingOf(film: Film): "fetching" | "waiting" | null {
  const { pending } = cellOf(film.id).value;
  if (!pending || !isBare(film)) return null;
  if (pending.fetching > 0) return "fetching";
  return pending.waiting > 0 ? "waiting" : null;
}

/** Whether a film was looked up while it stood here: it keeps the room that it had. */
export function wasFilled(film: number): boolean {
  return announced.has(film);
}

/** Calls `listener` when nothing more is on its way for a film. */
export function whenFilled(listener: (film: number) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function note(film: Film, pending: Pending): void {
  const cell = cellOf(film.id);
  cell.value = { ...cell.peek(), pending };
  if (fillingOf(film) !== "fetching" || announced.has(film.id)) return;
  announced.add(film.id);
  announce(t("filling.said", { title: film.title }));
}

/** Asks for a film again until nothing more is on its way. */
export async function follow(film: Film, seen: Seen = { etag: null }): Promise<void> {
  if (running.has(film.id)) return;
  running.add(film.id);
  const cell = cellOf(film.id);
  await keepAsking(async () => {
    const arrived = await api.filmIfChanged(film.id, seen);
    if (arrived) {
      note(arrived, arrived.pending);
      cell.value = { film: arrived, pending: arrived.pending };
    }
    return (cell.peek().pending?.fetching ?? 0) > 0;
  });
  running.delete(film.id);
  const { film: arrived } = cell.peek();
  if (announced.has(film.id) && arrived && !isBare(arrived))
    announce(t("filling.done", { title: film.title }));
  for (const listener of listeners) listener(film.id);
}

/** As many at once as a person reads. */
const MOST = 12;

/** Follows the films among these that were answered and of which nothing is known yet. */
export function followBare(films: readonly Film[]): void {
  const bare = films.filter((film) => isBare(latest(film)) && isDecided(answersTo(film.id).peek()));
  for (const film of bare.slice(0, MOST)) void follow(film);
}

export function watchFilling(): void {
  whenKept((film, pending) => {
    if (!pending || !(pending.fetching + pending.waiting > 0)) return;
    note(latest(film), pending);
    if (pending.fetching > 0) void follow(film);
  });
}
