import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Poster } from "../src/parts/poster.tsx";
import { posters } from "../src/state/preferences.ts";
import { type Asked, makeFilm, network } from "./answering.ts";

let asked: Asked[];
const place = document.createElement("div");
document.body.append(place);
const image = () => place.querySelector("img");
const drawn = () => place.querySelector(".drawn");
const tick = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const HASH = "a".repeat(64);

/** Everything that is watched is in sight at once. */
class InSight {
  constructor(private readonly told: (entries: { isIntersecting: boolean }[]) => void) {}
  observe() {
    this.told([{ isIntersecting: true }]);
  }
  disconnect() {}
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("IntersectionObserver", InSight);
  asked = network();
  posters.value = "real";
});
afterEach(async () => {
  render(null, place);
  await tick(100); // effects that wait for a frame would wait for ever
  vi.useRealTimers();
});

test("the drawn poster stays until the real one is there", async () => {
  render(<Poster film={makeFilm({ poster: HASH, title: "Heat" })} />, place);
  expect(drawn()).not.toBeNull();
  expect(image()?.getAttribute("alt")).toBe("Heat");
  expect(image()?.getAttribute("loading")).toBe("lazy");
  expect(image()?.getAttribute("srcset")).toContain(`/posters/${HASH}-320.webp 320w`);
  expect(place.querySelector("source")?.getAttribute("srcset")).toContain(`/posters/${HASH}-480.avif 480w`);
  image()?.dispatchEvent(new Event("load"));
  await tick();
  expect(drawn()).toBeNull();
  expect(image()).not.toBeNull();
});

test("and for ever when the real one does not come", async () => {
  render(<Poster film={makeFilm({ poster: HASH })} />, place);
  image()?.dispatchEvent(new Event("error"));
  await tick();
  expect(image()).toBeNull();
  expect(drawn()).not.toBeNull();
});

test("those in sight are asked for together, and again while they are on their way", async () => {
  const films = Array.from({ length: 3 }, () => makeFilm({ has_poster: true }));
  const [first, second, third] = films.map((film) => film.id) as [number, number, number];
  render(
    <>
      {films.map((film) => (
        <Poster key={film.id} film={film} />
      ))}
      <Poster film={makeFilm()} />
    </>,
    place,
  );
  await tick(200);
  expect(asked.map((one) => one.body)).toEqual([{ films: [first, second, third] }]);
  void asked[0]?.answer({ ready: { [second]: HASH }, pending: 2 });
  await tick(1);
  expect(place.querySelectorAll("img")).toHaveLength(1);
  await tick(1_000);
  expect(asked.at(-1)?.body).toEqual({ films: [first, third] });
  void asked.at(-1)?.answer({ ready: { [first]: HASH }, pending: 0 });
  await tick(1);
  expect(place.querySelectorAll("img")).toHaveLength(2);
  await tick(60_000);
  expect(asked).toHaveLength(2);
});

test("who wants drawn posters everywhere gets them, and none is asked for", async () => {
  posters.value = "drawn";
  render(
    <>
      <Poster film={makeFilm({ poster: HASH })} />
      <Poster film={makeFilm({ has_poster: true })} />
    </>,
    place,
  );
  await tick(1_000);
  expect(image()).toBeNull();
  expect(asked).toEqual([]);
});
