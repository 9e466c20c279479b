import { beforeEach, expect, test } from "vitest";
import { enqueue, isKnown, writeKey } from "../src/state/outbox.ts";
import { settled } from "./answering.ts";

/** A write that is answered when the test says so. */
function pending() {
  let isSent = false;
  let finish: (isKept: boolean) => void = () => {};
  const send = () =>
    new Promise<string>((resolve, reject) => {
      isSent = true;
      finish = (isKept) => (isKept ? resolve("kept") : reject(new Error("refused")));
    });
  const answer = (isKept = true) => {
    finish(isKept);
    return settled();
  };
  return { send, isSent: () => isSent, finish: answer };
}

beforeEach(() => {
  isKnown.value = false;
});

test("the first writes of a new visitor leave one at a time", async () => {
  const [first, second, third] = [pending(), pending(), pending()];
  for (const [film, write] of [first, second, third].entries()) enqueue(film, write.send).catch(() => {});
  await settled();
  expect([first.isSent(), second.isSent()]).toEqual([true, false]);
  await first.finish();
  expect([second.isSent(), third.isSent()]).toEqual([true, false]);
  await second.finish();
  await third.finish();
});

test("a first write that failed makes room for the next, which is then the first", async () => {
  const [first, second, third] = [pending(), pending(), pending()];
  for (const [film, write] of [first, second, third].entries()) enqueue(film, write.send).catch(() => {});
  await settled();
  await first.finish(false);
  expect(isKnown.value).toBe(false);
  expect([second.isSent(), third.isSent()]).toEqual([true, false]);
  await second.finish();
  expect(isKnown.value).toBe(true);
  await third.finish();
});

test("once known, writes about different films leave together, those about one film in order", async () => {
  isKnown.value = true;
  const [heat, alien, heatAgain] = [pending(), pending(), pending()];
  void enqueue(1, heat.send);
  void enqueue(2, alien.send);
  void enqueue(1, heatAgain.send);
  await settled();
  expect([heat.isSent(), alien.isSent(), heatAgain.isSent()]).toEqual([true, true, false]);
  await heat.finish();
  expect(heatAgain.isSent()).toBe(true);
});

test("every write has a key of its own", () => {
  expect(new Set(Array.from({ length: 100 }, writeKey)).size).toBe(100);
});
