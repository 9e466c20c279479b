import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sourceName } from "../src/parts/facts.tsx";
import { FilmCard } from "../src/parts/film-card.tsx";
import { forgetEverything } from "../src/state/library.ts";
import { trailerConsent } from "../src/state/preferences.ts";
import { resetSources } from "../src/state/sources.ts";
import { playing } from "../src/state/trailer.ts";
import {
  type Asked,
  find,
  makeFilm,
  makePick,
  makeReason,
  makeSources,
  network,
  settled,
} from "./answering.ts";

const place = document.createElement("div");
document.body.append(place);
const button = (label: string): HTMLButtonElement => {
  const found = [...place.querySelectorAll("button")].find((one) => one.textContent?.trim() === label);
  if (!found) throw new Error(`No button “${label}”.`);
  return found;
};

let asked: Asked[];

beforeEach(() => {
  asked = network();
  resetSources();
});
afterEach(() => {
  render(null, place);
  forgetEverything();
  playing.value = null;
  trailerConsent.value = "ask";
});

test("the answers stand in the same order on every card", () => {
  render(<FilmCard film={makeFilm()} />, place);
  const labels = [...place.querySelectorAll(".decisions button")].map((one) => one.textContent);
  expect(labels).toEqual(["Liked it", "Fine", "Not for me", "Save", "Trailer"]);
});

test("a film without a trailer keeps the place of its button", () => {
  render(<FilmCard film={makeFilm({ trailer: null })} />, place);
  expect(button("Trailer").disabled).toBe(true);
});

test("a like is pressed at once, and by the key as well", async () => {
  render(<FilmCard film={makeFilm()} />, place);
  button("Liked it").click();
  await settled();
  expect(button("Liked it").getAttribute("aria-pressed")).toBe("true");
  place.querySelector("article")?.dispatchEvent(new KeyboardEvent("keydown", { key: "n", bubbles: true }));
  await settled();
  expect(button("Liked it").getAttribute("aria-pressed")).toBe("false");
  expect(button("Not for me").getAttribute("aria-pressed")).toBe("true");
});

test("the reasons are one sentence that opens to the rest", async () => {
  const because = [makeReason(900, "Heat"), makeReason(901, "Collateral"), makeReason(902, "Thief")];
  const film = makeFilm();
  render(<FilmCard film={film} pick={makePick(film, because)} />, place);
  expect(place.querySelector(".reason")?.textContent).toMatch(
    /^Likely Because you liked Heat and Collateral\./,
  );
  expect(place.querySelector(".opened")?.hasAttribute("hidden")).toBe(true);
  button("and 1 more").click();
  await settled();
  expect(place.querySelector(".opened")?.hasAttribute("hidden")).toBe(false);
  expect(place.querySelectorAll(".shares li")).toHaveLength(3);
});

test("nothing is loaded from YouTube before somebody said yes", async () => {
  render(<FilmCard film={makeFilm()} />, place);
  button("Trailer").click();
  await settled();
  expect(place.querySelector("iframe")).toBeNull();
  expect(place.querySelector(".trailer")?.textContent).toContain("YouTube");
  button("Play it").click();
  await settled();
  expect(place.querySelector("iframe")).toBeNull();
  await find(asked, "GET", "/sources").answer(makeSources());
  await settled();
  const frame = place.querySelector("iframe");
  expect(frame?.getAttribute("src")).toMatch(/^https:\/\/www\.youtube-nocookie\.com\/embed\/2GfZl4kuVNI\?/);
  expect(frame?.getAttribute("sandbox")).toBe(
    "allow-scripts allow-same-origin allow-presentation allow-popups",
  );
});

test("where nobody outside may be called a trailer says so, and no player is made", async () => {
  trailerConsent.value = "yes";
  render(<FilmCard film={makeFilm()} />, place);
  button("Trailer").click();
  const ofSources = await vi.waitFor(() => find(asked, "GET", "/sources"));
  await ofSources.answer(makeSources([], { offline: true }));
  await settled();
  expect(place.querySelector("iframe")).toBeNull();
  expect(place.querySelector(".trailer")?.textContent).toContain("this install calls nobody outside");
});

test.each(["javascript:alert(1)", "../../evil", "2GfZl4kuVNI?x=1"])("“%s” is no trailer", (trailer) => {
  render(<FilmCard film={makeFilm({ trailer })} />, place);
  expect(button("Trailer").disabled).toBe(true);
});

test("a fact may have two sources, each by its own name", () => {
  expect(sourceName("tmdb, movielens")).toBe("TMDB, MovieLens");
  expect(sourceName("moviefinder")).toBe("MovieFinder");
  expect(sourceName("somebody-else")).toBe("somebody-else");
});
