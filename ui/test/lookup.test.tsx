import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Film, Source } from "../src/api.ts";
import { Lookup } from "../src/parts/lookup.tsx";
import { watchKeys } from "../src/state/moves.ts";
import { notices } from "../src/state/notices.ts";
import { isFound } from "../src/state/search.ts";
import { resetSources } from "../src/state/sources.ts";
import { allTexts } from "../src/state/strings.ts";
import {
  type Asked,
  find,
  makeFilm,
  makeSource,
  makeSources,
  makeStub,
  network,
  settled,
} from "./answering.ts";

let asked: Asked[];
const place = document.createElement("div");
document.body.append(place);
const button = () => place.querySelector<HTMLButtonElement>(".lookup-offer button");
const text = () => place.textContent ?? "";
let turn = 0;

watchKeys();

/** The foot of a search, with the sources that the server names. */
async function show(sources: Source[], items: Film[] = [], offline = false): Promise<string> {
  turn += 1;
  const q = `zorbax ${turn}`;
  render(<Lookup results={{ q, items }} />, place);
  await (await vi.waitFor(() => find(asked, "GET", "/sources"))).answer(makeSources(sources, { offline }));
  await settled();
  return q;
}

beforeEach(async () => {
  await allTexts();
  resetSources();
  asked = network();
});
afterEach(() => {
  render(null, place);
});

test("a source that is off says what will be sent to whom, and one press switches it on and asks it", async () => {
  const q = await show([makeSource()]);
  expect(text()).toContain(`Your words “${q}” go to v3.sg.media-imdb.com, from this machine.`);
  expect(asked).toHaveLength(1);
  button()?.click();
  await settled();
  const switching = find(asked, "PATCH", "/sources/imdb");
  expect(switching.body).toEqual({ on: true });
  expect(asked.some((one) => one.path.endsWith("/lookup"))).toBe(false);
  await switching.answer({});
  await find(asked, "GET", "/sources").answer(makeSources([makeSource({ is_on: true })]));
  await settled();
  const looking = find(asked, "POST", "/films/lookup");
  expect(looking.body).toEqual({ q, source: "imdb" });
  const film = makeStub({ title: "Zorbax Rising" });
  await looking.answer({ items: [film], sources: [{ source: "imdb", state: "answered", reason: null }] });
  await find(asked, "GET", "/library").answer({ items: [] });
  await settled();
  expect(place.querySelector("[data-card] .title")?.textContent).toBe("Zorbax Rising");
  expect(place.querySelector("[role=status]")?.textContent).toBe("1 film found at IMDb");
});

test("one that is on is asked with one press, or by its key", async () => {
  await show([makeSource({ is_on: true })]);
  expect(text()).not.toContain("Your words");
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "o", bubbles: true }));
  await settled();
  expect(find(asked, "POST", "/films/lookup")).toBeTruthy();
});

test("the key only leads to a button that would switch something on", async () => {
  await show([makeSource()]);
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "o", bubbles: true }));
  await settled();
  expect(document.activeElement).toBe(button());
  expect(asked).toHaveLength(1);
});

test("a switch that is refused is said, and nothing is asked", async () => {
  await show([makeSource()]);
  button()?.click();
  await settled();
  await find(asked, "PATCH", "/sources/imdb").refuse(403, "Only the operator may.");
  await settled();
  expect(notices.value.at(-1)?.text).toContain("Only the operator may.");
  expect(asked.some((one) => one.path.endsWith("/lookup"))).toBe(false);
  expect(text()).toContain("IMDb is switched off.");
});

test.each([
  ["late", "has not answered within two seconds"],
  ["failed", "does not answer as it should"],
  ["answered", "either"],
] as const)("%s: it says what that means", async (state, words) => {
  await show([makeSource({ is_on: true })]);
  button()?.click();
  await settled();
  await find(asked, "POST", "/films/lookup").answer({
    items: [],
    sources: [{ source: "imdb", state, reason: null }],
  });
  await settled();
  expect(text()).toContain(words);
});

test("films that stand above are not shown twice", async () => {
  const film = makeFilm();
  await show([makeSource({ is_on: true })], [film]);
  button()?.click();
  await settled();
  await find(asked, "POST", "/films/lookup").answer({
    items: [film],
    sources: [{ source: "imdb", state: "answered", reason: null }],
  });
  await find(asked, "GET", "/library").answer({ items: [] });
  await settled();
  expect(text()).toContain("names only films that stand above");
  expect(place.querySelector("[data-card]")).toBeNull();
});

test.each([
  [makeSource({ may_switch: false, decided_by: "settings" }), false, "switched off in the settings"],
  [makeSource({ may_switch: false }), false, "only the operator of this install"],
  [makeSource({ may_switch: false, decided_by: "offline" }), true, "this install calls nobody outside"],
])("where it may not be switched on that is said where it is missed", async (source, offline, words) => {
  await show([source], [], offline);
  expect(text()).toContain(words);
  expect(button()).toBeNull();
  render(null, place);
  resetSources();
  asked.splice(0);
  await show([source], [makeFilm({ title: `zorbax ${turn + 1}` })], offline);
  expect(text()).toBe("");
});

test("a source without its key is not offered, and neither are those that find nothing by name", async () => {
  await show([makeSource({ needs: "key" }), makeSource({ can: ["film"] }), makeSource({ hosts: [] })]);
  expect(text()).toBe("");
});

test("a result is the film that was meant when it bears all the words", () => {
  const found = (q: string, title: string) => isFound({ q, items: [makeFilm({ title, year: 2001 })] });
  expect(found("amelie", "Amélie")).toBe(true);
  expect(found("amelie 2001", "Amélie")).toBe(true);
  expect(found("ameli", "Amélie")).toBe(true);
  expect(found("amelie returns", "Amélie")).toBe(false);
  expect(isFound({ q: "amelie", items: [] })).toBe(false);
});
