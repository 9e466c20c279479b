/** Real posters: asked for as their cards come into sight, and shown as they come. */
import { type Signal, signal } from "@preact/signals";
import { api, type Film } from "../api.ts";
import { keepAsking } from "./asking.ts";
import { posters } from "./preferences.ts";

/** Hashes that came after their films. */
const arrived = new Map<number, Signal<string | null>>();
/** In sight, or just out of it, and without a poster. */
const wanted = new Set<number>();
/** None came for these; they are asked for again on the next visit. */
const without = new Set<number>();

/** Cards come into sight together; then gently. */
const DELAYS_MS = [100, 1_000, 2_000, 4_000, 8_000, 15_000];
/** The API takes so many at once. */
const MOST = 100;

function cellOf(film: number): Signal<string | null> {
  let cell = arrived.get(film);
  if (!cell) {
    cell = signal<string | null>(null);
    arrived.set(film, cell);
  }
  return cell;
}

/** The hash of a film's real poster; null where the drawn one is shown. */
export function posterOf(film: Film): string | null {
  return posters.value === "drawn" ? null : (film.poster ?? cellOf(film.id).value);
}

/** Whether a source could give a poster that is not here yet. */
export function lacksPoster(film: Film): boolean {
  return film.has_poster === true && posters.value === "real" && posterOf(film) === null;
}

async function ask(): Promise<boolean> {
  const films = [...wanted].slice(0, MOST);
  if (films.length === 0) return false;
  const { ready, pending } = await api.posters(films);
  for (const film of films) {
    const hash = ready[film];
    if (hash) cellOf(film).value = hash;
    else if (pending === 0) without.add(film);
    if (hash || pending === 0) wanted.delete(film);
  }
  return wanted.size > 0;
}

let asking: AbortController | null = null;
function askSoon(): void {
  asking?.abort();
  asking = new AbortController();
  void keepAsking(ask, { delays: DELAYS_MS, signal: asking.signal });
}

/** Asks for a film's poster when its place comes into sight; gives how to stop watching. */
export function watchPoster(place: Element, film: number): () => void {
  const watcher = new IntersectionObserver(
    ([entry]) => {
      if (!entry?.isIntersecting || wanted.has(film) || without.has(film)) return;
      wanted.add(film);
      askSoon();
    },
    { rootMargin: "200px" },
  );
  watcher.observe(place);
  return () => {
    watcher.disconnect();
    wanted.delete(film);
  };
}
