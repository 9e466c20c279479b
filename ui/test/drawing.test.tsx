import { render } from "preact";
import { expect, test } from "vitest";
import { COMPOSITIONS, suitableCompositions } from "../src/drawing/compositions.ts";
import { contrast, PALETTES, suitable } from "../src/drawing/palettes.ts";
import { draw, LONG, SHORT, setTitle } from "../src/drawing/poster.ts";
import { randomFrom } from "../src/drawing/seed.ts";
import { DrawnPoster } from "../src/parts/drawn-poster.tsx";
import en from "../src/strings/en.json" with { type: "json" };
import { makeFilm } from "./answering.ts";

const GENRES = Object.keys(en).flatMap((key) =>
  key.startsWith("genre.") ? [key.slice("genre.".length)] : [],
);

function drawn(film: ReturnType<typeof makeFilm>): HTMLElement {
  const place = document.createElement("div");
  render(<DrawnPoster film={film} />, place);
  return place;
}

test("a film's poster is the same every time, whatever its number here", () => {
  const heat = makeFilm({ id: 1, refs: { imdb: "tt0113277" }, title: "Heat" });
  expect(draw({ ...heat, id: 4711 })).toEqual(draw(heat));
});

test("films differ", () => {
  const drawings = Array.from({ length: 40 }, (_, index) =>
    draw(makeFilm({ refs: { imdb: `tt${1000000 + index}` } })),
  );
  expect(new Set(drawings.map((drawing) => JSON.stringify(drawing.shapes))).size).toBe(40);
});

test.each(Object.values(PALETTES))("the words on $name pass AA on their ground", ({ ground, text }) => {
  expect(contrast(text, ground)).toBeGreaterThanOrEqual(4.5);
});

test.each(Object.entries(COMPOSITIONS))("%s weighs 2 kB at most, drawn as elements", (_, compose) => {
  for (const palette of Object.values(PALETTES)) {
    for (let seed = 0; seed < 20; seed += 1) {
      const shapes = compose(randomFrom(`film:${seed}`), palette);
      const svg = shapes.map(
        ([tag, attributes]) =>
          `<${tag}${Object.entries(attributes)
            .map(([name, value]) => ` ${name}="${value}"`)
            .join("")}></${tag}>`,
      );
      expect(svg.join("").length).toBeLessThanOrEqual(2048);
      expect(svg.join("")).not.toMatch(/NaN|undefined/);
    }
  }
});

test("every genre has a picture and inks, and so has a film without any", () => {
  for (const genres of [...GENRES.map((genre) => [genre]), []]) {
    for (const year of [null, 1922, 1957, 1974, 1985, 1999, 2008, 2026]) {
      expect(suitableCompositions(genres).length).toBeGreaterThan(0);
      expect(suitable({ genres, year }).length).toBeGreaterThan(0);
    }
  }
});

test("a film of the forties is printed in two inks", () => {
  expect(suitable({ genres: ["romance", "war"], year: 1942 }).every((palette) => palette.isGrainy)).toBe(
    true,
  );
});

test.each([
  ["M", SHORT],
  ["Heat", SHORT],
  ["Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb", LONG],
  ["千と千尋の神隠し", SHORT],
  ["Donaudampfschifffahrtsgesellschaft", LONG],
  ["The Incredibly Strange Creatures Who Stopped Living and Became Mixed-Up Zombies, and So On!", LONG],
])("“%s” is set at a size that can be read", (title, share) => {
  const { size } = setTitle(title, share);
  expect(size).toBeGreaterThanOrEqual(6.5);
  expect(size).toBeLessThanOrEqual(19);
});

test("a longer title is set no larger than a shorter one", () => {
  const sizes = [1, 10, 30, 60, 90].map(
    (words) =>
      setTitle(
        Array(Math.ceil(words / 5))
          .fill("Heat")
          .join(" "),
        LONG,
      ).size,
  );
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
});

test("the title is ordinary text over the picture, never markup", () => {
  const place = drawn(makeFilm({ title: '<img src="x" onerror="alert(1)">' }));
  expect(place.querySelector("img")).toBeNull();
  expect(place.querySelector(".drawn-title")?.textContent).toBe('<img src="x" onerror="alert(1)">');
  expect(place.querySelector("svg")?.getAttribute("aria-hidden")).toBe("true");
});
