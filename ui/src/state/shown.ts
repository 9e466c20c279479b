/** Which recommended films were really seen on the page: told to the server in batches, quietly. */
import { api } from "../api.ts";
import { whenSaid } from "./library.ts";

/** A card counts as seen when half of it has stood on the screen for so long. */
const DWELL_MS = 1_000;
/** Cards that come into sight one after the other are told together. */
const BATCH_MS = 2_000;
const MOST = 100;

const told = new Set<number>();
const waiting = new Map<number, number>();
const dwelling = new Map<number, { rank: number; timer: ReturnType<typeof setTimeout> }>();
let batch: ReturnType<typeof setTimeout> | undefined;

/** Tells what waits. The record is worth no message: what could not be told is left out of it. */
export function tell(): void {
  clearTimeout(batch);
  batch = undefined;
  const films = [...waiting].map(([film, rank]) => ({ film, rank }));
  waiting.clear();
  for (let start = 0; start < films.length; start += MOST)
    api.noteShown(films.slice(start, start + MOST)).catch(() => {});
}

function saw(film: number, rank: number): void {
  told.add(film);
  waiting.set(film, rank);
  batch ??= setTimeout(tell, BATCH_MS);
}

/** A card has come into sight. */
export function appeared(film: number, rank: number): void {
  if (told.has(film) || dwelling.has(film)) return;
  const timer = setTimeout(() => {
    dwelling.delete(film);
    saw(film, rank);
  }, DWELL_MS);
  dwelling.set(film, { rank, timer });
}

/** A card has gone out of sight. */
export function vanished(film: number): void {
  clearTimeout(dwelling.get(film)?.timer);
  dwelling.delete(film);
}

/** Nothing was told yet, as after a session that ended. */
export function forgetShown(): void {
  for (const film of [...dwelling.keys()]) vanished(film);
  clearTimeout(batch);
  batch = undefined;
  told.clear();
  waiting.clear();
}

export function watchShown(): void {
  // Who answers a card has seen it, however briefly; the server must hear of it before the answer.
  whenSaid((film) => {
    const here = dwelling.get(film.id);
    if (here) {
      vanished(film.id);
      saw(film.id, here.rank);
    }
    if (waiting.has(film.id)) tell();
  });
  addEventListener("pagehide", tell);
}
