import { render } from "preact";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Film, Recommendation } from "../src/api.ts";
import { FilmCard } from "../src/parts/film-card.tsx";
import { forgetEverything } from "../src/state/library.ts";
import { dismiss, notices, undoLast } from "../src/state/notices.ts";
import { isKnown } from "../src/state/outbox.ts";
import { answerReason, forAFriend } from "../src/state/reasons.ts";
import { list, pickOf, refresh } from "../src/state/recommendations.ts";
import { type Asked, kept, makeFilm, makeList, makePick, makeReason, network, settled } from "./answering.ts";

const heat = makeReason(900, "Heat", 0.6);
const alien = makeReason(901, "Alien", 0.3);
const fargo = makeReason(902, "Fargo", 0.1);
const place = document.createElement("div");
document.body.append(place);
let asked: Asked[];
let film: Film;
const last = () => asked.at(-1) as Asked;
const pick = () => pickOf(film.id) as Recommendation;
const titles = () => pick().because.map((reason) => reason.film.title);
const texts = () => notices.value.map((notice) => notice.text);

beforeEach(async () => {
  forgetEverything();
  isKnown.value = true;
  asked = network();
  film = makeFilm({ title: "Thief" });
  void refresh("");
  await settled();
  await last().answer(makeList([makePick(film, [heat, alien, fargo])]));
});
afterEach(async () => {
  render(null, place);
  for (const one of asked) await one.drop();
  for (const notice of notices.value) dismiss(notice.id);
});

function open(): void {
  render(<FilmCard film={film} pick={pick()} />, place);
  place.querySelector<HTMLElement>("[aria-expanded][aria-controls].plain")?.click();
}

test("opened reasons tell each share in words and offer three answers", async () => {
  open();
  await settled();
  const rows = [...place.querySelectorAll(".shares > li")];
  expect(rows.map((row) => row.querySelector(".share + .unseen")?.textContent)).toEqual([
    "most of it",
    "part of it",
    "a little of it",
  ]);
  expect([...(rows[0]?.querySelectorAll("button") ?? [])].map((button) => button.textContent)).toEqual([
    "Not because of this one Heat",
    "That was for a friend Heat",
    "More like this side of it Heat",
  ]);
});

test("a reason that speaks against is not named", async () => {
  render(<FilmCard film={film} pick={makePick(film, [heat, { ...alien, share: -0.2 }])} />, place);
  expect(place.querySelector(".reason")?.textContent).not.toContain("Alien");
});

test("how sure a pick is stands in words, with what they mean", () => {
  render(<FilmCard film={film} pick={makePick(film, [heat], { confidence: "sure_bet" })} />, place);
  expect(place.querySelector(".confidence")?.textContent).toBe("Sure bet");
  expect(place.querySelector(".confidence")?.getAttribute("title")).toMatch(/^Sure bet: /);
  expect(place.textContent).not.toContain("%");
  render(<FilmCard film={film} pick={makePick(film, [heat], { confidence: null })} />, place);
  expect(place.querySelector(".confidence")).toBeNull();
});

test("“not because of this one” takes the name off at once, and the list is ranked anew", async () => {
  void answerReason(film, heat.film, "not");
  expect(titles()).toEqual(["Alien", "Fargo"]);
  expect(pick().not_because.map((one) => one.title)).toEqual(["Heat"]);
  await settled();
  expect([last().method, last().path, last().body]).toEqual([
    "PUT",
    `/api/v1/recommendations/${film.id}/because/900`,
    { say: "not" },
  ]);
  await last().answer({ say: "not", before: null });
  expect([last().method, last().path]).toEqual(["GET", "/api/v1/recommendations"]);
  const other = makeFilm();
  await last().answer(makeList([makePick(other, [alien])]));
  expect(list.value.value?.items.map((item) => item.film.id)).toEqual([other.id]);
  expect(texts()).toEqual(["Heat no longer speaks for Thief."]);
});

test.each([null, "more"] as const)("undoing says again what stood before: %s", async (before) => {
  void answerReason(film, heat.film, "not");
  await settled();
  await last().answer({ say: "not", before });
  await last().answer(makeList([makePick(film, [alien])]));
  undoLast();
  await settled();
  expect(last().method).toBe(before === null ? "DELETE" : "PUT");
  expect(last().body).toEqual(before === null ? undefined : { say: "more" });
  await last().answer({ say: before, before: "not" });
  await last().answer(makeList([makePick(film, [heat, alien])]));
  expect(titles()).toEqual(["Heat", "Alien"]);
  expect(texts()).toContain("Undone: Heat speaks as it did.");
});

test("an answer that was refused says why, and the list shows what stands", async () => {
  void answerReason(film, heat.film, "more");
  expect(pick().because[0]?.say).toBe("more");
  await settled();
  await last().refuse(409, "Heat is among no reasons of yours.");
  await last().answer(makeList([makePick(film, [heat])]));
  expect(pick().because[0]?.say).toBeNull();
  expect(texts()).toEqual(["Your answer to Heat was not kept. Heat is among no reasons of yours."]);
  expect(undoLast()).toBe(false);
});

test("a film for a friend leaves the taste, and stays liked", async () => {
  void forAFriend(heat.film);
  await settled();
  expect(last().query.get("film")).toBe("900");
  const full = makeFilm({ id: 900, title: "Heat" });
  await last().answer({ items: [kept(full, { verdict: "liked" }).entry], next: null, count: 1, counts: {} });
  await settled();
  expect([last().method, last().path, last().body]).toEqual([
    "PATCH",
    "/api/v1/library/900",
    { taste: false },
  ]);
  await last().answer(kept(full, { verdict: "liked", taste: false }, 2));
  expect(texts()).toEqual(["Heat was for a friend: it no longer shapes what you are shown."]);
});
