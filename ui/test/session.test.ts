import { beforeEach, expect, test } from "vitest";
import { api } from "../src/api.ts";
import { answersTo, learn } from "../src/state/library.ts";
import { notices } from "../src/state/notices.ts";
import { theme } from "../src/state/preferences.ts";
import { watchSession } from "../src/state/session.ts";
import { type Asked, kept, makeFilm, network, settled } from "./answering.ts";

let asked: Asked[];
let listsForgotten: number;

beforeEach(() => {
  asked = network();
  listsForgotten = 0;
  watchSession(() => {
    listsForgotten += 1;
  });
});

test("a session that has ended is forgotten once, said, and the requests go on", async () => {
  theme.value = "dark";
  localStorage.clear(); // as the server's answer to DELETE /session has browsers do
  const heat = makeFilm();
  learn([kept(heat, { verdict: "liked" }).entry]);
  const both = Promise.all([api.library({}), api.changes({})]);
  await asked[0]?.refuse(401, "The session has ended.", "/problems/session-ended");
  await asked[1]?.refuse(401, "The session has ended.", "/problems/session-ended");
  expect(asked.filter((one) => one.method === "DELETE").map((one) => one.path)).toEqual(["/api/v1/session"]);
  await asked[2]?.answer(undefined, 204);
  await settled();
  expect(answersTo(heat.id).value.verdict).toBeNull();
  expect(listsForgotten).toBe(1);
  expect(localStorage.getItem("moviefinder.theme")).toBe("dark");
  expect(notices.value.map((notice) => notice.text)).toEqual([expect.stringContaining("session has ended")]);
  for (const one of asked.slice(3)) await one.answer({ items: [], next: null });
  await expect(both).resolves.toHaveLength(2);
});

test("another 401 is an error like any other", async () => {
  const asking = expect(api.library({})).rejects.toMatchObject({ status: 401, detail: "Sign in." });
  await asked[0]?.refuse(401, "Sign in.", "/problems/not-signed-in");
  await asking;
  expect(asked).toHaveLength(1);
});
