/** The films you have enjoyed, newest first, as they stand beside the search. */
import { api, type Film } from "../api.ts";
import { followBare } from "./filling.ts";
import { learn, takeCounts, whenSaid } from "./library.ts";
import { Loader } from "./loading.ts";
import { written } from "./outbox.ts";

const LIMIT = 60;

const loader = new Loader<readonly Film[]>();
export const enjoyed = loader.state;

/** Where a film stood before it was taken off, so that undoing puts it back there. */
const places = new Map<number, number>();

export async function openEnjoyed(): Promise<void> {
  if (loader.state.peek().status === "ready") return;
  await loader.load(async (signal) => {
    await written();
    const page = await api.library({ show: "liked", sort: "recent", limit: LIMIT }, signal);
    learn(page.items);
    takeCounts(page.counts);
    const films = page.items.map((entry) => entry.film);
    followBare(films);
    return films;
  });
}

export function forgetEnjoyed(): void {
  loader.reset();
}

export function watchEnjoyed(): void {
  whenSaid((film, before, after) => {
    const was = before.verdict === "liked";
    const is = after.verdict === "liked";
    if (was === is) return;
    loader.change((films) => {
      const index = films.findIndex((one) => one.id === film.id);
      if (!is) {
        if (index >= 0) places.set(film.id, index);
        return films.filter((one) => one.id !== film.id);
      }
      if (index >= 0) return films;
      const place = places.get(film.id) ?? 0;
      places.delete(film.id);
      return films.toSpliced(place, 0, film);
    });
  });
}
