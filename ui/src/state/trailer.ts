/** Which trailer plays: one at a time, and none before somebody asked for it. */
import { signal } from "@preact/signals";

export const playing = signal<number | null>(null);

const KEY = /^[\w-]{11}$/;

/** The key, when it is one: it goes into an address. */
export function trailerKey(key: string | null): string | null {
  return key !== null && KEY.test(key) ? key : null;
}

export function toggleTrailer(film: number): void {
  playing.value = playing.value === film ? null : film;
}
