import { beforeEach, expect, test } from "vitest";
import { go, signInHere } from "../src/state/address.ts";
import { answersTo, counts, forget, forgetEverything, learn, say } from "../src/state/library.ts";
import { dismiss, type Notice, notices, undoLast } from "../src/state/notices.ts";
import { type Asked, kept, makeFilm, network, settled } from "./answering.ts";

let asked: Asked[];
const texts = () => notices.value.map((notice) => notice.text);

beforeEach(() => {
  for (const notice of notices.value) dismiss(notice.id);
  forgetEverything();
  asked = network();
});

test("a like is shown before the server has answered", async () => {
  const heat = makeFilm({ title: "Heat" });
  void say(heat, { verdict: "liked" });
  expect(answersTo(heat.id).value.verdict).toBe("liked");
  expect(counts.value).toMatchObject({ liked: 1, seen: 1 });
  await settled();
  expect(asked[0]).toMatchObject({
    method: "PATCH",
    path: `/api/v1/library/${heat.id}`,
    body: { verdict: "liked" },
  });
  expect(asked[0]?.headers.get("Idempotency-Key")).toMatch(/^[0-9a-f]{32}$/);
  await asked[0]?.answer(kept(heat, { verdict: "liked" }));
  expect(answersTo(heat.id).value.verdict).toBe("liked");
  expect(texts()).toEqual(["You liked Heat."]);
});

test("a like that the server refuses is taken back, and said", async () => {
  const heat = makeFilm({ title: "Heat" });
  const saying = say(heat, { verdict: "liked" });
  await settled();
  await asked[0]?.refuse(422, "There is no such film.");
  await saying;
  expect(answersTo(heat.id).value.verdict).toBeNull();
  expect(counts.value.liked).toBe(0);
  expect(texts()).toEqual(["Your answer to Heat was not kept. There is no such film."]);
  expect(notices.value[0]?.isFailure).toBe(true);
});

test("a like that finds the server away can be tried again", async () => {
  const heat = makeFilm({ title: "Heat" });
  const saying = say(heat, { verdict: "liked" });
  await settled();
  await asked[0]?.drop();
  await saying;
  expect(answersTo(heat.id).value.verdict).toBeNull();
  notices.value[0]?.action?.run();
  expect(answersTo(heat.id).value.verdict).toBe("liked");
  await settled();
  await asked[1]?.answer(kept(heat, { verdict: "liked" }));
  expect(answersTo(heat.id).value.verdict).toBe("liked");
});

test("a refused answer leaves a later one to the same film standing", async () => {
  const heat = makeFilm();
  const first = say(heat, { verdict: "liked" });
  void say(heat, { saved: true });
  await settled();
  await asked[0]?.refuse(409, "Not now.");
  await first;
  expect(answersTo(heat.id).value).toMatchObject({ verdict: null, saved: true });
  await asked[1]?.answer(kept(heat, { saved: true }));
  expect(answersTo(heat.id).value).toMatchObject({ verdict: null, saved: true });
});

test("an answer that wants somebody signed in leads to signing in, and back here", async () => {
  go("/search?q=heat");
  const saying = say(makeFilm(), { verdict: "liked" });
  await settled();
  await asked[0]?.refuse(401, "This install takes no guests.", "/problems/sign-in-needed");
  await saying;
  const { action } = notices.value.at(-1) as Notice;
  expect(action?.label).toBe("Sign in");
  action?.run();
  expect(location.pathname + location.search).toBe("/sign-in?next=%2Fsearch%3Fq%3Dheat");
  expect(signInHere.value).toBe("/sign-in");
});

test("undoing shows what stood before, and asks the server to undo that change", async () => {
  const heat = makeFilm();
  learn([{ ...kept(heat, { verdict: "fine" }).entry, verdict: "fine" }]);
  void say(heat, { verdict: "disliked" });
  await settled();
  await asked[0]?.answer(kept(heat, { verdict: "disliked" }, 7));
  expect(undoLast()).toBe(true);
  expect(answersTo(heat.id).value.verdict).toBe("fine");
  await settled();
  expect(asked[1]).toMatchObject({ method: "POST", path: "/api/v1/library/changes/7/undo" });
  await asked[1]?.answer(kept(heat, { verdict: "fine" }, 8));
  expect(answersTo(heat.id).value.verdict).toBe("fine");
});

test("undoing before the server has answered waits for the change to have a number", async () => {
  const heat = makeFilm();
  void say(heat, { verdict: "liked" });
  await settled();
  undoLast();
  expect(answersTo(heat.id).value.verdict).toBeNull();
  await settled();
  expect(asked).toHaveLength(1);
  await asked[0]?.answer(kept(heat, { verdict: "liked" }, 3));
  expect(asked[1]?.path).toBe("/api/v1/library/changes/3/undo");
  await asked[1]?.answer({ entry: null, change: { id: 4, overtaken: [] }, pending: 0 });
  expect(answersTo(heat.id).value.verdict).toBeNull();
});

test("an undo that is refused brings the answer back", async () => {
  const heat = makeFilm({ title: "Heat" });
  void say(heat, { verdict: "liked" });
  await settled();
  await asked[0]?.answer(kept(heat, { verdict: "liked" }));
  undoLast();
  await settled();
  await asked[1]?.refuse(409, "A later change stands.");
  expect(answersTo(heat.id).value.verdict).toBe("liked");
  expect(texts().at(-1)).toBe("Heat could not be put back. A later change stands.");
});

test("a forgotten film can be had back", async () => {
  const heat = makeFilm();
  learn([kept(heat, { verdict: "liked", rating: 9 }).entry]);
  void forget(heat);
  expect(answersTo(heat.id).value).toMatchObject({ verdict: null, rating: null });
  await settled();
  await asked[0]?.answer(undefined, 204);
  await asked[1]?.answer({ items: [{ id: 12, film: heat }], next: null });
  undoLast();
  await settled();
  expect(asked[2]?.path).toBe("/api/v1/library/changes/12/undo");
  expect(answersTo(heat.id).value).toMatchObject({ verdict: "liked", rating: 9 });
});

test("what the server said before a write does not come back after it", async () => {
  const heat = makeFilm();
  void say(heat, { verdict: "liked" });
  await settled();
  await asked[0]?.answer(kept(heat, { verdict: "liked" }, 5));
  learn([kept(heat, { verdict: null }, 4).entry]);
  learn([], [heat.id]);
  expect(answersTo(heat.id).value.verdict).toBe("liked");
});

test("a refused change is not offered for undoing", async () => {
  const heat = makeFilm();
  const saying = say(heat, { saved: true });
  await settled();
  await asked[0]?.refuse(500, "Broken.");
  await saying;
  expect(undoLast()).toBe(false);
});
