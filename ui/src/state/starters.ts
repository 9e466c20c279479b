/** Well-known films for a first tap: what a newcomer sees until the first like. */
import { computed, signal } from "@preact/signals";
import { api, type Film } from "../api.ts";
import { learnAbout, say } from "./library.ts";
import { Loader } from "./loading.ts";

/** Two rows of six, four of three, six of two. */
export const AT_ONCE = 12;
const ASKED = 100;

const loader = new Loader<readonly Film[]>();
export const starters = loader.state;
const offset = signal(0);

export const shownStarters = computed(() =>
  (starters.value.value ?? []).slice(offset.value, offset.value + AT_ONCE),
);

/** Whether the newcomer's screen is up. It stays while somebody is tapping, and goes when they leave it. */
export const isStarting = signal(false);

/** How much two films have in common, 0 to 1: genres, decade, a director. */
export function likeness(one: Film, other: Film): number {
  const shared = one.genres.filter((genre) => other.genres.includes(genre)).length;
  const all = new Set([...one.genres, ...other.genres]).size;
  const decade = (film: Film) => (film.year === null ? null : Math.floor(film.year / 10));
  const byOne = one.directors.some((person) => other.directors.some((also) => also.id === person.id));
  return 0.6 * (all ? shared / all : 0) + (decade(one) === decade(other) ? 0.2 : 0) + (byOne ? 0.2 : 0);
}

/**
 * Orders films, best known first, so that each group of `size` is varied: every next film is the one least like its
 * group so far, and being better known counts as much as a little likeness.
 */
export function varied(films: readonly Film[], size: number): Film[] {
  const left = [...films];
  const ordered: Film[] = [];
  while (left.length > 0) {
    const group = ordered.slice(Math.floor(ordered.length / size) * size);
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    left.forEach((film, index) => {
      const closest = Math.max(0, ...group.map((one) => likeness(film, one)));
      const cost = closest + index / films.length;
      if (cost < least) {
        least = cost;
        best = index;
      }
    });
    ordered.push(...left.splice(best, 1));
  }
  return ordered;
}

const tapped = new Set<number>();

/** Likes a film on the wall, or takes that back. */
export function tap(film: Film, isLiked: boolean): void {
  tapped.add(film.id);
  void say(film, { verdict: isLiked ? null : "liked" });
}

/** Whether a film was tapped on the wall: such answers change the picks at once, those on the picks do not. */
export const wasTapped = (film: number): boolean => tapped.has(film);
export const wasAnyTapped = (): boolean => tapped.size > 0;

export async function openStarters(): Promise<void> {
  if (starters.peek().status === "ready" || starters.peek().status === "loading") return;
  await loader.load(async (signal) => {
    const { items } = await api.films({ limit: ASKED }, signal);
    await learnAbout(items.slice(0, ASKED), signal).catch(() => {});
    return varied(items, AT_ONCE);
  });
}

export function others(): void {
  const count = starters.peek().value?.length ?? 0;
  offset.value = offset.value + AT_ONCE >= count ? 0 : offset.value + AT_ONCE;
}
