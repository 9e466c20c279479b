/** The inks of drawn posters, by mood and era. Every text passes AA on its ground, which a test holds. */
import type { Film } from "../api.ts";

export interface Palette {
  name: string;
  ground: string;
  /** Strongest first. */
  inks: readonly [string, string, string];
  text: string;
  /** Two inks and grain, as cheap printing gave it. */
  isGrainy?: boolean;
}

const palette = (
  name: string,
  ground: string,
  inks: Palette["inks"],
  text: string,
  isGrainy = false,
): Palette => ({
  name,
  ground,
  inks,
  text,
  isGrainy,
});

export const PALETTES = {
  silver: palette("silver", "#e9e2d2", ["#23201d", "#8f8678", "#a8382a"], "#1f1c1a", true),
  nitrate: palette("nitrate", "#26221f", ["#e7dcc6", "#8d8172", "#c9a54c"], "#f1e8d6", true),
  atomic: palette("atomic", "#f0e3c8", ["#d2502d", "#1f5e63", "#e8b23a"], "#26211c"),
  lagoon: palette("lagoon", "#14394b", ["#f2a93b", "#e4572e", "#8fc1b5"], "#f7ecd8"),
  tomato: palette("tomato", "#a92e1d", ["#f6d7a0", "#26180f", "#f2a541"], "#fff1dc"),
  tobacco: palette("tobacco", "#4f2a14", ["#e39a2d", "#c65a22", "#f0cf8e"], "#fbeed3"),
  mustard: palette("mustard", "#e6b04a", ["#7a2f14", "#c4571f", "#fbe9bf"], "#2c1608"),
  arcade: palette("arcade", "#160d2b", ["#ff4d9d", "#37d5e6", "#7a3cff"], "#fdeffb"),
  sunset: palette("sunset", "#0b1c2c", ["#ff7a3d", "#f5d547", "#2a9df4"], "#eaf6ff"),
  pine: palette("pine", "#1d3b36", ["#d9a441", "#a8c7a0", "#a4452f"], "#f4efe0"),
  linen: palette("linen", "#ddd5c4", ["#35524a", "#a34a28", "#e2a72e"], "#221f1b"),
  steel: palette("steel", "#1b2a3a", ["#5fa8d3", "#e0e1dd", "#e76f51"], "#eef3f7"),
  ember: palette("ember", "#231f20", ["#f26b4e", "#f2b705", "#3f8f8b"], "#f6f1ea"),
  chalk: palette("chalk", "#f3ede4", ["#e4572e", "#2a4d69", "#f3a712"], "#1f2933"),
  cellar: palette("cellar", "#140d0d", ["#c1121f", "#f1e3d3", "#5a1216"], "#f4e7dc"),
  moss: palette("moss", "#0f1a17", ["#b7d36b", "#35543f", "#e9e4cf"], "#eef2df"),
  cosmos: palette("cosmos", "#0c1330", ["#f4b860", "#5b7fff", "#c9d6ff"], "#eef1ff"),
  signal: palette("signal", "#06222b", ["#3ddad7", "#f45b69", "#e4fde1"], "#eafaf6"),
  rose: palette("rose", "#f6d6cf", ["#b5334b", "#f08a7a", "#5b1a35"], "#4a1229"),
  velvet: palette("velvet", "#3c1330", ["#f38d8d", "#f7c59f", "#b23a6f"], "#fde9e0"),
  crayon: palette("crayon", "#ffd23f", ["#ee4266", "#1f9e88", "#540d6e"], "#2b0a3d"),
  balloon: palette("balloon", "#1666b0", ["#ffd43b", "#ff6b6b", "#e7f5ff"], "#ffffff"),
  meadow: palette("meadow", "#d8ecc0", ["#2f7d4f", "#f08a4b", "#f6c945"], "#163a26"),
  canyon: palette("canyon", "#e8c690", ["#a63d1e", "#5c2a12", "#f6e4c3"], "#33170a"),
  khaki: palette("khaki", "#3f4029", ["#c2b280", "#1f2118", "#c46a3f"], "#f2ecd8"),
  brass: palette("brass", "#17191c", ["#e0b04b", "#8c1c13", "#d8d4c8"], "#f3eee2"),
  docket: palette("docket", "#e6dfd1", ["#1b2430", "#b08b3e", "#8a1c1c"], "#1b1d22"),
  archive: palette("archive", "#e4e6e1", ["#1f4e5f", "#6f9fa0", "#f4b942"], "#16303a"),
  brassy: palette("brassy", "#2d1150", ["#f9c80e", "#f86624", "#ea3546"], "#fff3df"),
} as const satisfies Record<string, Palette>;

type Name = keyof typeof PALETTES;

/** Moods that outrank the era, the most telling genre first. */
const BY_GENRE: readonly [string, readonly Name[]][] = [
  ["animation", ["crayon", "balloon", "meadow", "lagoon"]],
  ["film-noir", ["silver", "nitrate", "brass"]],
  ["horror", ["cellar", "moss", "cellar", "velvet"]],
  ["western", ["canyon", "mustard", "tobacco"]],
  ["musical", ["brassy", "tomato", "atomic", "rose"]],
  ["music", ["brassy", "ember", "arcade"]],
  ["documentary", ["archive", "linen", "chalk"]],
  ["war", ["khaki", "pine", "tobacco"]],
  ["sci-fi", ["cosmos", "signal", "steel", "sunset"]],
  ["children", ["meadow", "crayon", "balloon"]],
  ["family", ["meadow", "balloon", "chalk"]],
  ["crime", ["brass", "docket", "ember", "tomato"]],
  ["romance", ["rose", "velvet", "linen", "atomic"]],
];

const BY_ERA: readonly [before: number, readonly Name[]][] = [
  [1950, ["silver", "nitrate"]],
  [1970, ["atomic", "lagoon", "tomato"]],
  [1980, ["tobacco", "mustard", "pine"]],
  [1990, ["arcade", "sunset", "brassy"]],
  [2000, ["pine", "linen", "ember", "lagoon"]],
  [2010, ["steel", "ember", "docket", "chalk"]],
  [Number.POSITIVE_INFINITY, ["chalk", "ember", "steel", "pine", "velvet"]],
];

/** The palettes that suit a film. Its era has a say unless it was printed in two inks, when it has the only one. */
export function suitable(film: Pick<Film, "genres" | "year">): Palette[] {
  const era =
    film.year === null ? [] : (BY_ERA.find(([before]) => (film.year as number) < before)?.[1] ?? []);
  const isTwoInks = film.year !== null && film.year < 1950 && !film.genres.includes("animation");
  const mood = isTwoInks ? [] : (BY_GENRE.find(([genre]) => film.genres.includes(genre))?.[1] ?? []);
  const names: readonly Name[] =
    mood.length > 0 ? [...mood, ...era.slice(0, 2)] : era.length > 0 ? era : ["linen", "ember"];
  return names.map((name) => PALETTES[name]);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const part = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast of two colours (`#rrggbb`), 1 to 21. Source: WCAG 2.2, relative luminance. */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
