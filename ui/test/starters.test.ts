import { expect, test } from "vitest";
import { likeness, varied } from "../src/state/starters.ts";
import { makeFilm } from "./answering.ts";

const director = (id: number) => [{ id, name: `Director ${id}` }];

test("films of a kind, a time and a hand are alike; others are not", () => {
  const heat = makeFilm({ genres: ["crime"], year: 1995, directors: director(1) });
  const collateral = makeFilm({ genres: ["crime"], year: 2004, directors: director(1) });
  const totoro = makeFilm({ genres: ["animation"], year: 1988, directors: director(2) });
  expect(likeness(heat, heat)).toBeCloseTo(1);
  expect(likeness(heat, collateral)).toBeGreaterThan(likeness(heat, totoro));
  expect(likeness(heat, totoro)).toBe(0);
});

test("each group is varied, and no film is lost or named twice", () => {
  const genres = ["crime", "comedy", "animation", "horror"];
  const films = Array.from({ length: 48 }, (_, index) =>
    makeFilm({
      genres: [genres[Math.floor(index / 12)] as string],
      year: 1950 + index,
      directors: director(index),
    }),
  );
  const ordered = varied(films, 12);
  expect(new Set(ordered)).toEqual(new Set(films));
  expect(new Set(ordered.slice(0, 12).flatMap((film) => film.genres)).size).toBeGreaterThanOrEqual(3);
  expect(ordered[0]).toBe(films[0]);
});
