import { render } from "preact";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Record } from "../src/parts/record.tsx";
import { forgetRecord, openRecord } from "../src/state/record.ts";
import { type Asked, network, settled } from "./answering.ts";

const place = document.createElement("div");
document.body.append(place);
let asked: Asked[];
const tally = (tried: number, liked: number) => ({ tried, liked, fine: tried - liked, disliked: 0 });

async function show(tried: number, liked: number, popular: [number, number], shown = 60): Promise<string> {
  const opening = openRecord();
  await settled();
  await asked.at(-1)?.answer({
    ...tally(tried, liked),
    since: "2026-11-01T12:00:00Z",
    shown,
    enough: tried >= 10,
    popular: tally(...popular),
    confidence: {},
  });
  await opening;
  render(<Record />, place);
  return place.textContent ?? "";
}
const press = async (label: string) => {
  [...place.querySelectorAll("button")].find((one) => one.textContent === label)?.click();
  await settled();
};

beforeEach(() => {
  asked = network();
});
afterEach(() => {
  render(null, place);
  forgetRecord();
});

test("the record stands beside what a list of well-known films would have got", async () => {
  const text = await show(40, 31, [12, 7]);
  expect(text).toContain("Of 40 films you tried from here you liked 31.");
  expect(text).toContain("would have held 12 that you tried; you liked 7 of them.");
});

test("with few films tried it says what would come, and no share", async () => {
  const text = await show(3, 3, [0, 0]);
  expect(text).toContain("3 films that were shown to you here have your verdict so far.");
  expect(text).not.toContain("you liked");
});

test("a comparison with two films is none", async () => {
  expect(await show(12, 9, [2, 2])).toContain("Too few of the best-known films");
});

test("somebody to whom nothing was shown sees no record", async () => {
  expect(await show(0, 0, [0, 0], 0)).toBe("");
});

test("erasing asks first, and then the record is gone", async () => {
  await show(40, 31, [12, 7]);
  const erasing = () => asked.find((one) => one.method === "DELETE");
  await press("Erase this record");
  expect(erasing()).toBeUndefined();
  await press("Erase");
  expect(erasing()?.path).toBe("/api/v1/recommendations/record");
  await erasing()?.answer(null, 204);
  await settled();
  expect(place.textContent).toBe("");
});
