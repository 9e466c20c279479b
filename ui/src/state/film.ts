/** One film with everything known of it, and those like it. */
import { api, type Film, type FilmDetail, type Similar } from "../api.ts";
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

export async function openFilm(id: number): Promise<void> {
  if (loader.state.peek().value?.film.id === id && loader.state.peek().status === "ready") return;
  const kept = lately.get(id);
  await loader.load(
    async (signal) => {
      if (kept) return kept;
      const [film, similar] = await Promise.all([
        api.film(id, signal),
        api.similar(id, LIKE_IT, signal).catch(() => null),
      ]);
      await learnAbout([film, ...(similar?.items ?? []).map((one) => one.film)], signal).catch(() => {});
      const value = { film, similar: similar?.items ?? null };
      lately.set(id, value);
      const oldest = lately.keys().next();
      if (lately.size > MOST_KEPT && !oldest.done) lately.delete(oldest.value);
      return value;
    },
    { isFresh: true },
  );
}
