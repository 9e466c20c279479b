import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FilmExtras } from "../src/parts/film-extras.tsx";
import { Summary } from "../src/parts/summary.tsx";
import { resetSources } from "../src/state/sources.ts";
import { allTexts } from "../src/state/strings.ts";
import {
  type Asked,
  find,
  makeDetail,
  makeFilm,
  makeSource,
  makeSources,
  network,
  settled,
} from "./answering.ts";

let asked: Asked[];
const place = document.createElement("div");
document.body.append(place);
const text = () => place.textContent ?? "";
const told = (fields: string[]) => ({
  source: "tmdb",
  fetched_at: "2026-11-23T12:00:00Z",
  expires_at: "2027-05-22T12:00:00Z",
  fields,
});

beforeEach(async () => {
  await allTexts();
  resetSources();
  asked = network();
});
afterEach(() => {
  render(null, place);
});

test("each fact names its source, and the day where it was asked for", () => {
  const film = makeDetail(makeFilm(), {
    sources: { title: "tmdb", runtime_min: "tmdb", score: "movielens" },
    facts: [told(["runtime_min"])],
  });
  render(<FilmExtras film={film} />, place);
  const facts = [...place.querySelectorAll("details li")].map((one) => one.textContent);
  expect(facts).toEqual([
    "Title: TMDB",
    expect.stringMatching(/^Running time: TMDB, .*2026$/),
    "Score: MovieLens",
  ]);
});

test("offers are those of the reader's country, by way, with their source and its credit", () => {
  vi.spyOn(navigator, "languages", "get").mockReturnValue(["en-IE", "en"]);
  const film = makeDetail(makeFilm(), {
    offers: [
      { country: "US", provider: "Elsewhere", way: "rent" },
      { country: "IE", provider: "Netflix", way: "subscription" },
      { country: "IE", provider: "MUBI", way: "subscription" },
      { country: "IE", provider: "Apple TV", way: "buy" },
    ],
    sources: { offers: "tmdb" },
    facts: [told(["offers"])],
  });
  render(<FilmExtras film={film} />, place);
  expect(place.querySelector("h2")?.textContent).toBe("Where to watch: Ireland");
  const rows = [...place.querySelectorAll(".offers dl > div")].map((one) => one.textContent?.trim());
  expect(rows).toEqual(["By subscriptionNetflix and MUBI", "To buyApple TV"]);
  expect(text()).not.toContain("Elsewhere");
  expect(text()).toContain("Offers by JustWatch");
});

test("a source that wants to be named is, with its address as a link", async () => {
  render(<FilmExtras film={makeDetail(makeFilm(), { facts: [told(["title"])] })} />, place);
  const credit = "Facts from Wikidata (https://www.wikidata.org), CC0 1.0.";
  const answer = makeSources([makeSource({ name: "tmdb", credit })]);
  await (await vi.waitFor(() => find(asked, "GET", "/sources"))).answer(answer);
  await settled();
  expect(text()).toContain("Facts from Wikidata (www.wikidata.org), CC0 1.0.");
  expect(place.querySelector("a[href='https://www.wikidata.org']")).not.toBeNull();
});

test("what was shipped asks nobody", async () => {
  render(<FilmExtras film={makeDetail(makeFilm())} />, place);
  await new Promise((done) => setTimeout(done, 60));
  expect(asked).toEqual([]);
});

test("a quoted description names its page, and only a page over HTTPS", () => {
  const quote = {
    description: "A film of 1995.",
    description_source: "wikipedia",
    description_url: "https://en.wikipedia.org/wiki/Heat",
  };
  render(<Summary film={makeFilm(quote)} />, place);
  expect(place.querySelector(".summary a")?.getAttribute("href")).toBe(quote.description_url);
  expect(place.querySelector(".summary a")?.textContent).toBe("Wikipedia, CC BY-SA 4.0");
  render(<Summary film={makeFilm({ ...quote, description_url: "javascript:alert(1)" })} />, place);
  expect(place.querySelector(".summary a")).toBeNull();
  render(<Summary film={makeFilm({ description: "Ours." })} />, place);
  expect(place.querySelector(".quoted")).toBeNull();
});
