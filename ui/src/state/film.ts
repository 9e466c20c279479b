/** One film with everything known of it, and those like it. */
import { api, type Film, type FilmDetail, type Similar } from "../api.ts";
import { follow, followBare, whenFilled } from "./filling.ts";
import { learnAbout } from "./library.ts";
import { Loader } from "./loading.ts";

export interface Shown {
  film: Film | FilmDetail;
  similar: readonly Similar[] | null;
}
const loader = new Loader<Shown>();
export const shown = loader.state;

const LIKE_IT = 12;
/** Films that were shown lately, so that going back shows them at once. */
const lately = new Map<number, Shown>();
const MOST_KEPT = 50;

export const hasDetail = (film: Film | FilmDetail): film is FilmDetail => "sources" in film;

async function fetchSimilar(id: number, signal?: AbortSignal): Promise<readonly Similar[] | null> {
  const found = await api.similar(id, LIKE_IT, { etag: null }, signal).catch(() => null);
  return found?.items ?? null;
}

function keep(id: number, value: Shown): Shown {
  lately.delete(id);
  lately.set(id, value);
  const oldest = lately.keys().next();
  if (lately.size > MOST_KEPT && !oldest.done) lately.delete(oldest.value);
  return value;
}

export async function openFilm(id: number): Promise<void> {
  if (loader.state.peek().value?.film.id === id && loader.state.peek().status === "ready") return;
  const kept = lately.get(id);
  await loader.load(
    async (signal) => {
      if (kept) return kept;
      const seen = { etag: null };
      const [found, similar] = await Promise.all([
        api.filmIfChanged(id, seen, signal),
        fetchSimilar(id, signal),
      ]);
      // A film that has turned out to be another one stays here under the number that was asked for.
      const film = { ...(found as FilmDetail), id };
      await learnAbout([film, ...(similar ?? []).map((one) => one.film)], signal).catch(() => {});
      if (film.pending?.fetching > 0) void follow(film, seen);
      else followBare([film]);
      return keep(id, { film, similar });
    },
    { isFresh: true },
  );
}

/** What is alike is known only when the film has been looked up. */
export function watchFilm(): void {
  whenFilled(async (id) => {
    const before = lately.get(id);
    if (!before) return;
    const similar = await fetchSimilar(id);
    if (!similar) return;
    await learnAbout(similar.map((one) => one.film)).catch(() => {});
    const value = keep(id, { ...before, similar });
    loader.change((one) => (one.film.id === id ? value : one));
  });
}
