import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { forgetEverything, say } from "../src/state/library.ts";
import { isKnown } from "../src/state/outbox.ts";
import { appeared, forgetShown, vanished, watchShown } from "../src/state/shown.ts";
import { type Asked, makeFilm, network } from "./answering.ts";

let asked: Asked[];
const reports = () => asked.filter((one) => one.path.endsWith("/shown")).map((one) => one.body);

watchShown();

beforeEach(() => {
  vi.useFakeTimers();
  forgetEverything();
  forgetShown();
  isKnown.value = true;
  asked = network();
});
afterEach(() => {
  vi.useRealTimers();
});

test("cards that stood on the screen for a second are told together, each once", () => {
  appeared(1, 1);
  appeared(2, 2);
  vi.advanceTimersByTime(1_500);
  appeared(3, 3);
  appeared(1, 1);
  vi.advanceTimersByTime(10_000);
  expect(reports()).toEqual([
    {
      films: [
        { film: 1, rank: 1 },
        { film: 2, rank: 2 },
        { film: 3, rank: 3 },
      ],
    },
  ]);
});

test("a card that was scrolled past was not seen", () => {
  appeared(1, 1);
  vi.advanceTimersByTime(500);
  vanished(1);
  vi.advanceTimersByTime(10_000);
  expect(reports()).toEqual([]);
});

test("a card that is answered was seen, and that is told before the answer", () => {
  const film = makeFilm();
  appeared(film.id, 4);
  void say(film, { verdict: "liked" });
  expect(reports()).toEqual([{ films: [{ film: film.id, rank: 4 }] }]);
  expect(asked.map((one) => one.method)).toEqual(["POST"]);
});

test("what waits is told when the page is left, and a refusal is nobody's trouble", async () => {
  appeared(1, 1);
  vi.advanceTimersByTime(1_100);
  dispatchEvent(new Event("pagehide"));
  expect(reports()).toHaveLength(1);
  vi.useRealTimers();
  await asked[0]?.refuse(503, "Busy.");
});
