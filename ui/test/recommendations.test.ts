import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Film } from "../src/api.ts";
import { answersTo, forgetEverything, say } from "../src/state/library.ts";
import { undoLast } from "../src/state/notices.ts";
import { isKnown } from "../src/state/outbox.ts";
import {
  FIRST,
  hasTaste,
  isStale,
  keepFilling,
  list,
  more,
  open,
  refresh,
  refreshInPlace,
  watchLibrary,
} from "../src/state/recommendations.ts";
import { type Asked, kept, makeFilm, makeList, makePick, network, settled } from "./answering.ts";

let asked: Asked[];
let films: Film[];
const shown = () => list.value.value?.items.map((item) => item.film.id);
const page = (some: Film[], next: string | null = null) =>
  makeList(
    some.map((film) => makePick(film)),
    { next },
  );
const last = () => asked.at(-1) as Asked;

watchLibrary();

beforeEach(async () => {
  forgetEverything();
  isKnown.value = true;
  asked = network();
  films = Array.from({ length: 60 }, () => makeFilm());
  void refresh("");
  await settled();
  await last().answer(page(films.slice(0, 27), "next"));
});

afterEach(async () => {
  // A list is asked for when every answer is in: none may be left on its way.
  for (const one of asked) if (one.method !== "GET") await one.drop();
});

test("the first page shows an odd number of films and keeps the rest at hand", () => {
  expect(shown()).toEqual(films.slice(0, FIRST).map((film) => film.id));
});

test("a film that was answered is replaced in its place, and the others stay where they are", async () => {
  const gone = films[4] as Film;
  void say(gone, { verdict: "disliked" });
  const ids = films.map((film) => film.id);
  expect(shown()).toEqual([...ids.slice(0, 4), ids[FIRST], ...ids.slice(5, FIRST)]);
  expect(list.value.value?.count).toBe(99);
});

test("undoing puts the film back where it stood", async () => {
  const before = shown();
  void say(films[4] as Film, { saved: true });
  await settled();
  undoLast();
  expect(shown()).toEqual(before);
});

test("a film whose answer was refused comes back where it stood", async () => {
  const before = shown();
  const saying = say(films[0] as Film, { verdict: "liked" });
  await settled();
  await asked.find((one) => one.method === "PATCH")?.refuse(503, "Busy.");
  await saying;
  expect(shown()).toEqual(before);
});

test("a rating alone does not take a film off the list", async () => {
  const before = shown();
  void say(films[0] as Film, { rating: 8 });
  expect(shown()).toEqual(before);
});

test("answers make the list stale, but it does not change by itself", async () => {
  expect(isStale.value).toBe(false);
  void say(films[0] as Film, { verdict: "liked" });
  await settled();
  await asked.find((one) => one.method === "PATCH")?.answer(kept(films[0] as Film, { verdict: "liked" }));
  expect(answersTo((films[0] as Film).id).value.verdict).toBe("liked");
  expect(isStale.value).toBe(true);
  expect(shown()?.slice(1, 5)).toEqual(films.slice(1, 5).map((film) => film.id));
});

test("coming back keeps the list, a new visit after answers asks again", async () => {
  const before = asked.length;
  isStale.value = true;
  open("", true);
  expect(asked).toHaveLength(before);
  open("", false);
  await settled();
  expect(asked).toHaveLength(before + 1);
});

test("more shows the next films, each once, and asks for the page behind", async () => {
  const asking = more();
  await settled();
  await asking;
  const reading = more();
  await settled();
  expect(last().query.get("cursor")).toBe("next");
  await last().answer(page(films.slice(20, 50)));
  await reading;
  const ids = shown() ?? [];
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(films.slice(0, ids.length).map((film) => film.id));
});

test("a film that was for a friend changes the list in its place, and so does taking that back", async () => {
  const friend = makeFilm();
  void say(friend, { taste: false });
  await settled();
  await last().answer(kept(friend, { verdict: "liked", taste: false }));
  expect(last().path).toBe("/api/v1/recommendations");
  expect(shown()).toEqual(films.slice(0, FIRST).map((film) => film.id));
  await last().answer(page(films.slice(1, 28)));
  expect(shown()).toEqual(films.slice(1, FIRST + 1).map((film) => film.id));
  undoLast();
  await settled();
  await last().answer(kept(friend, { verdict: "liked" }, 2));
  expect(last().method).toBe("GET");
});

test("a dial that is moved keeps the list on the screen until the new one is there", async () => {
  void refresh("known=0.2");
  await settled();
  expect(shown()).toEqual(films.slice(0, FIRST).map((film) => film.id));
  expect(last().query.get("known")).toBe("0.2");
  await last().answer(page(films.slice(30, 57)));
  expect(shown()?.[0]).toBe(films[30]?.id);
  void refresh("genre=drama&known=0.2");
  await settled();
  expect(shown()).toBeUndefined();
});

test("a list that was lengthened stays as long when it changes in its place", async () => {
  const asking = more();
  await settled();
  await asking;
  const long = shown()?.length ?? 0;
  void refreshInPlace();
  await settled();
  await last().answer(page(films.slice(0, Number(last().query.get("limit")))));
  expect(shown()).toHaveLength(long);
});

test("an empty taste is told apart from an empty list", async () => {
  void refresh("kind=series");
  await settled();
  await last().answer({ ...page([]), count: 0, hint: "empty_taste" });
  expect(hasTaste.value).toBe(false);
});

/** A list while liked films are being looked up, and what it is asked for again. */
async function pendingList(): Promise<Asked> {
  void refresh("genre=drama");
  await settled();
  const picks = films.slice(0, 27).map((film) => makePick(film));
  await last().answer(makeList(picks, { pending: { fetching: 2, waiting: 0 } }), 200, '"v1"');
  stops.push(keepFilling());
  await vi.waitFor(() => expect(last().headers.get("If-None-Match")).toBe('"v1"'));
  return last();
}
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

test("what is found out about liked films comes into the list by itself", async () => {
  const asking = await pendingList();
  const found = makeFilm({ title: "Neighbour" });
  await asking.answer(page([found, ...films.slice(0, 26)]), 200, '"v2"');
  expect(shown()?.[0]).toBe(found.id);
  expect(shown()).toHaveLength(FIRST);
  expect(list.value.value).toMatchObject({ wasPending: true, pending: { fetching: 0 } });
  expect(isStale.value).toBe(false);
});

test("a list that somebody is at work on stays, and the newer one is offered", async () => {
  const asking = await pendingList();
  void say(films[0] as Film, { saved: true });
  const before = shown();
  await asking.answer(page([makeFilm(), ...films.slice(1, 27)]), 200, '"v2"');
  expect(shown()).toEqual(before);
  expect(isStale.value).toBe(true);
});

test("the same films are told anew in their places", async () => {
  const asking = await pendingList();
  const newer = films.slice(0, 27).map((film) => ({ ...film, title: `${film.title}, known` }));
  await asking.answer(page(newer), 200, '"v2"');
  expect(list.value.value?.items.every((pick) => pick.film.title.endsWith(", known"))).toBe(true);
  expect(isStale.value).toBe(false);
});
