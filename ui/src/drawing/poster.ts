/** A drawn poster: which picture, which inks, and how large the title is set. No markup, no chance but the film's own. */
import type { Film } from "../api.ts";
import { COMPOSITIONS, type Shape, suitableCompositions } from "./compositions.ts";
import { type Palette, suitable } from "./palettes.ts";
import { randomFrom } from "./seed.ts";

export interface Drawing {
  palette: Palette;
  shapes: Shape[];
  /** Where the words stand; the picture has the rest. */
  words: "top" | "foot";
  /** The share of the height that the words have. */
  share: number;
  title: Setting;
}

export interface Setting {
  /** In hundredths of the poster's width (`cqw`). */
  size: number;
}

export const SHORT = 0.42;
export const LONG = 0.56;

/** Widths of Young Serif in ems, a little generous; a full em for scripts written in squares. */
const SQUARE = /[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]/u;
const WIDTHS: readonly [RegExp, number][] = [
  [SQUARE, 1],
  [/[mwMW@&]/u, 1.05],
  [/[iljftrI.,:;'’!|()\- ]/u, 0.42],
  [/\p{Lu}/u, 0.85],
];
const USUAL = 0.65;
const emsOf = (text: string): number =>
  [...text].reduce((ems, one) => ems + (WIDTHS.find(([kind]) => kind.test(one))?.[1] ?? USUAL), 0);

const LARGEST = 19;
const SMALLEST = 6.5;
/** Inside the margins, in cqw; a poster is 150 cqw high. */
const LINE = 84;
const LEADING = 1.08;
/** Margins and the small line with year and director, in cqw. */
const BESIDE = 19;

/** The largest size at which the title fits its share of the poster, by whole words where they fit a line. */
export function setTitle(title: string, share: number): Setting {
  const words = title.split(/[\s\u200b]+/u).flatMap((word) => word.split(/(?<=[-/:])/u));
  const room = 150 * share - BESIDE;
  for (let size = LARGEST; size > SMALLEST; size -= 0.5) {
    const perLine = LINE / size;
    let lines = 1;
    let used = 0;
    let fits = true;
    for (const word of words) {
      const wide = emsOf(word);
      // A word in squares breaks anywhere; others only where a line is too short for them at the smallest size.
      if (wide > perLine && !SQUARE.test(word) && size > 8.5) fits = false;
      if (used > 0 && used + 0.25 + wide > perLine) {
        lines += 1;
        used = 0;
      }
      lines += Math.floor(wide / perLine);
      used += (used > 0 ? 0.25 : 0) + (wide % perLine);
    }
    if (fits && lines * size * LEADING <= room) return { size };
  }
  return { size: SMALLEST };
}

/** The film's first reference, which every MovieFinder gives it; its own number where it has none. */
export function seedOf(film: Pick<Film, "id" | "refs">): string {
  for (const namespace of ["imdb", "tmdb", "tmdb-tv", "mf"]) {
    const value = film.refs[namespace as keyof Film["refs"]];
    if (value) return `${namespace}:${value}`;
  }
  return `film:${film.id}`;
}

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [2, 0, 1],
] as const;

export function draw(film: Pick<Film, "id" | "refs" | "title" | "genres" | "year">): Drawing {
  const random = randomFrom(seedOf(film));
  const printed = random.of(suitable(film));
  // Any ink may be the strongest: the words stand on the ground alone.
  const palette = {
    ...printed,
    inks: random.of(ORDERS).map((at) => printed.inks[at]) as [string, string, string],
  };
  const compose = COMPOSITIONS[random.of(suitableCompositions(film.genres))];
  const words = random() < 0.7 ? "foot" : "top";
  const share = emsOf(film.title) > 17 ? LONG : SHORT;
  return { palette, shapes: compose(random, palette), words, share, title: setTitle(film.title, share) };
}
