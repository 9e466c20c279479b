import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { OutsideHost, Source } from "../src/api.ts";
import { trailerConsent } from "../src/state/preferences.ts";
import { resetSources } from "../src/state/sources.ts";
import { allTexts } from "../src/state/strings.ts";
import { LeavingView } from "../src/views/leaving.tsx";
import { type Asked, find, makeSource, makeSources, network, settled } from "./answering.ts";

let asked: Asked[];
const place = document.createElement("div");
document.body.append(place);
const text = () => place.textContent ?? "";
const press = async (label: string) => {
  [...place.querySelectorAll("button")].find((one) => one.textContent?.startsWith(label))?.click();
  await settled();
};
const [HOST] = makeSource().hosts as [OutsideHost];
const calling = (changes: Partial<OutsideHost>) =>
  makeSource({
    is_on: true,
    decided_by: "page",
    hosts: [{ ...HOST, calls: 12, last_called_at: "2026-11-23T12:00:00Z", ...changes }],
  });

async function show(sources: Source[], changes = {}): Promise<void> {
  render(<LeavingView />, place);
  await (await vi.waitFor(() => find(asked, "GET", "/sources"))).answer(makeSources(sources, changes));
  await settled();
}

beforeEach(async () => {
  await allTexts();
  resetSources();
  asked = network();
});
afterEach(() => {
  render(null, place);
  trailerConsent.value = "ask";
});

test("each host says what for, what it is sent, and that it was never called", async () => {
  await show([makeSource({ credit: "Information courtesy of IMDb." })]);
  expect(text()).toContain("v3.sg.media-imdb.com");
  expect(text()).toContain("Off, until somebody switches it on.");
  expect(text()).toContain("Asked for titles by name and facts of a film.");
  expect(text()).toContain("Never called.");
  expect(text()).toContain("Information courtesy of IMDb.");
});

test.each([
  [{}, "It answers."],
  [{ last_error: "503 from it." }, "The last time it did not answer. 503 from it."],
  [{ last_error: "Refused.", blocked_until: "2999-01-01T12:00:00Z" }, "is left alone until"],
])("a host that was called says how it fares", async (changes, words) => {
  await show([calling(changes)]);
  expect(text()).toMatch(/Called 12 times, last on .*2026/);
  expect(text()).toContain(words);
});

test("a switch is thrown at once, and what it did comes from the server", async () => {
  await show([makeSource()]);
  const knob = () => place.querySelector<HTMLElement>("[role=switch]");
  expect(knob()?.getAttribute("aria-checked")).toBe("false");
  knob()?.click();
  await settled();
  const switching = find(asked, "PATCH", "/sources/imdb");
  expect(switching.body).toEqual({ on: true });
  await switching.answer({});
  await find(asked, "GET", "/sources").answer(makeSources([calling({})]));
  await settled();
  expect(knob()?.getAttribute("aria-checked")).toBe("true");
  expect(text()).toContain("Switched on here.");
});

test("off is not forgetting: that is a word of its own", async () => {
  await show([{ ...calling({}), is_on: false }]);
  expect(text()).toContain("What IMDb has told so far stays");
  await press("Forget what it told");
  expect(find(asked, "PATCH", "/sources/imdb").body).toEqual({ on: false, forget: true });
});

test.each(["answers", "refused", "silent", "nonsense"] as const)("a test says: %s", async (outcome) => {
  await show([calling({})]);
  await press("Test");
  expect(text()).toContain("Trying it");
  await find(asked, "POST", "/sources/imdb/test").answer({
    outcome,
    message: "Look at the key.",
    took_ms: 120,
  });
  await settled();
  const told = place.querySelector(".tried")?.textContent ?? "";
  expect(told.includes("in 120 ms")).toBe(outcome === "answers");
  expect(told.includes("Look at the key.")).toBe(outcome !== "answers");
});

test("what the settings decide has no switch, and says so", async () => {
  await show([makeSource({ may_switch: false, decided_by: "settings" })]);
  expect(place.querySelector("[role=switch]")).toBeNull();
  expect(text()).toContain("Switched off in the settings of this install.");
});

test("a source that lacks its key says where it comes from and goes to", async () => {
  await show([makeSource({ name: "tmdb", title: "TMDB", needs: "key", may_switch: false })]);
  expect(place.querySelector("code")?.textContent).toBe('[sources.tmdb] key = "..."');
  expect(place.querySelector("a")?.getAttribute("href")).toContain("themoviedb.org");
});

test("trailers are switched by the browser's own yes", async () => {
  await show([makeSource({ name: "youtube", title: "YouTube", can: [] })]);
  expect(text()).toContain("Each trailer asks first");
  place.querySelector<HTMLElement>("[role=switch]")?.click();
  await settled();
  expect(trailerConsent.value).toBe("yes");
  expect(text()).toContain("trailers play without asking");
  expect(asked.some((one) => one.method === "PATCH")).toBe(false);
});

test("offline is one line, and nothing can be switched", async () => {
  const off = { may_switch: false, decided_by: "offline" as const };
  await show([makeSource(off), makeSource({ ...off, name: "youtube" })], { offline: true });
  expect(place.querySelector(".lead")?.textContent).toContain("Nothing leaves this machine");
  expect(place.querySelector("[role=switch]")).toBeNull();
});

test("work that failed is shown to those who may see it, and tried again", async () => {
  await show([]);
  const job = { kind: "fetch_film", attempts: 8, error: "503 from it." };
  const items = [
    { id: 7, ...job },
    { id: 8, ...job },
  ];
  await find(asked, "GET", "/jobs").answer({ items });
  await settled();
  expect(text()).toContain("2 jobs behind the scenes were given up");
  expect(text()).toContain("Look a film up 503 from it.");
  await press("Try all of them again");
  await find(asked, "POST", "/jobs/7/retry").answer(null, 204);
  await find(asked, "POST", "/jobs/8/retry").answer(null, 204);
  await find(asked, "GET", "/jobs").answer({ items: [] });
  await settled();
  expect(text()).not.toContain("behind the scenes");
});

test("who may not see them sees none", async () => {
  await show([]);
  await find(asked, "GET", "/jobs").refuse(403, "Only the operator may.");
  await settled();
  expect(text()).not.toContain("operator may");
});
