import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Film } from "../src/api.ts";
import { FilmCard } from "../src/parts/film-card.tsx";
import { follow, latest, watchFilling, whenFilled } from "../src/state/filling.ts";
import { forgetEverything, say } from "../src/state/library.ts";
import { announcement } from "../src/state/notices.ts";
import { isKnown } from "../src/state/outbox.ts";
import { type Asked, kept, makeDetail, makeFilm, makeStub, network } from "./answering.ts";

let asked: Asked[];
const place = document.createElement("div");
document.body.append(place);
const words = () => place.querySelector(".summary")?.textContent;
const polls = () => asked.filter((one) => one.path.startsWith("/api/v1/films/"));
const FETCHING = { fetching: 2, waiting: 0 };

watchFilling();

/** The film as it is once it has been looked up. */
const known = (film: Film) => makeDetail(makeFilm({ id: film.id, title: film.title }));

async function like(film: Film, fetching: number): Promise<void> {
  void say(film, { verdict: "liked" });
  await vi.advanceTimersByTimeAsync(0);
  await answer(asked.at(-1), kept(film, { verdict: "liked" }, 1, fetching));
}

/** Answers while the clock stands still. */
async function answer(one: Asked | undefined, body: unknown, status = 200, etag?: string): Promise<void> {
  void one?.answer(body, status, etag);
  await vi.advanceTimersByTimeAsync(1);
}

beforeEach(() => {
  vi.useFakeTimers();
  forgetEverything();
  isKnown.value = true;
  asked = network();
});

afterEach(async () => {
  render(null, place);
  await vi.advanceTimersByTimeAsync(100); // effects that wait for a frame would wait for ever
  vi.useRealTimers();
});

test("a liked film that nobody knows says that it is looked up, and fills in by itself", async () => {
  const film = makeStub({ title: "Zorbax" });
  render(<FilmCard film={film} />, place);
  await like(film, 2);
  expect(words()).toBe("We know nothing about this one yet; it is being looked up.");
  expect(announcement.value).toBe("Zorbax is being looked up.");
  await vi.advanceTimersByTimeAsync(250);
  await answer(polls()[0], known(film));
  expect(words()).toContain("Michael Mann");
  expect(announcement.value).toBe("Zorbax is looked up.");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(polls()).toHaveLength(1);
});

test("it is asked for after 0.25, 0.5, 1, 2, 4 and then every 8 seconds, with what is known by then", async () => {
  const film = makeStub();
  await like(film, 2);
  for (const [turn, pause] of [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000].entries()) {
    await vi.advanceTimersByTimeAsync(pause - 5);
    expect(polls()).toHaveLength(turn);
    await vi.advanceTimersByTimeAsync(5);
    const poll = polls()[turn] as Asked;
    expect(poll.headers.get("If-None-Match")).toBe(turn === 0 ? null : '"v1"');
    await answer(poll, makeDetail(film, { pending: FETCHING }), turn === 0 ? 200 : 304, '"v1"');
  }
});

test("a source that does not answer now is said, and is not asked for again and again", async () => {
  const film = makeStub();
  render(<FilmCard film={film} />, place);
  await like(film, 1);
  await vi.advanceTimersByTimeAsync(250);
  await answer(polls()[0], makeDetail(film, { pending: { fetching: 0, waiting: 1 } }));
  expect(words()).toContain("does not answer now");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(polls()).toHaveLength(1);
});

test("a film that is known is followed in silence", async () => {
  const film = makeFilm();
  announcement.value = "";
  render(<FilmCard film={film} />, place);
  await like(film, 1);
  expect(words()).toContain("Michael Mann");
  expect(announcement.value).toBe("");
});

test("an unreachable server is asked again", async () => {
  const film = makeStub();
  await like(film, 1);
  await vi.advanceTimersByTimeAsync(250);
  void polls()[0]?.drop();
  await vi.advanceTimersByTimeAsync(500);
  expect(polls()).toHaveLength(2);
  await answer(polls()[1], known(film));
  expect(latest(film).genres).toEqual(["crime", "drama"]);
});

test("nobody is asked while nobody looks", async () => {
  const film = makeStub();
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  await like(film, 1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(polls()).toHaveLength(0);
  hidden.mockReturnValue(false);
  document.dispatchEvent(new Event("visibilitychange"));
  await vi.advanceTimersByTimeAsync(0);
  expect(polls()).toHaveLength(1);
});

test("a film that has turned out to be another one stays under its number here", async () => {
  const film = makeStub();
  const ended = vi.fn();
  const stop = whenFilled(ended);
  void follow(film);
  await vi.advanceTimersByTimeAsync(250);
  await answer(polls()[0], { ...known(film), id: 4711 });
  expect(latest(film)).toMatchObject({ id: film.id, runtime_min: 170 });
  expect(ended).toHaveBeenCalledExactlyOnceWith(film.id);
  stop();
});
