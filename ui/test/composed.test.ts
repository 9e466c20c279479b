import { afterEach, expect, test } from "vitest";
import { composed } from "../src/state/composed.ts";
import { chosenLanguage } from "../src/state/preferences.ts";
import { useLanguage } from "../src/state/strings.ts";
import { makeFilm } from "./answering.ts";

const toyStory = makeFilm({
  title: "Toy Story",
  genres: ["adventure", "animation", "children", "comedy", "fantasy"],
  directors: [{ id: 1, name: "John Lasseter" }],
  cast: [
    { id: 2, name: "Tom Hanks" },
    { id: 3, name: "Tim Allen" },
    { id: 4, name: "Don Rickles" },
  ],
});
const words = (film: Parameters<typeof composed>[0]): string => {
  const flat = (part: unknown): string => (Array.isArray(part) ? part.map(flat).join("") : String(part));
  return flat(composed(film, (person) => person.name).sentence);
};

afterEach(async () => {
  chosenLanguage.value = "system";
  await useLanguage();
});

test("a description is composed from the facts", () => {
  expect(words(toyStory)).toBe("1995 animated comedy by John Lasseter with Tom Hanks and Tim Allen");
});

test("stars beyond two are left for a line of their own", () => {
  expect(composed(toyStory, () => "").others.map((person) => person.name)).toEqual(["Don Rickles"]);
});

test("what is not known is left out", () => {
  expect(words({ ...toyStory, year: null, directors: [], cast: [] })).toBe("animated comedy");
  expect(words({ ...toyStory, genres: [], directors: [], cast: [] })).toBe("1995 film");
});

test("a series is called one, by who made it", () => {
  const series = {
    ...toyStory,
    kind: "series",
    genres: ["crime", "drama"],
    directors: [],
    creators: [{ id: 9, name: "David Simon" }],
  };
  expect(words({ ...series, cast: [] } as typeof toyStory)).toBe("1995 crime drama series by David Simon");
});

test("German composes its own way", async () => {
  chosenLanguage.value = "de";
  await useLanguage();
  expect(words(toyStory)).toBe("Animations-Komödie (1995) von John Lasseter mit Tom Hanks und Tim Allen");
});
