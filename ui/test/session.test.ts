import { beforeEach, expect, test, vi } from "vitest";
import { api } from "../src/api.ts";
import { answersTo, learn } from "../src/state/library.ts";
import { notices } from "../src/state/notices.ts";
import { hasEnded, isSignedIn, theme } from "../src/state/preferences.ts";
import { askWhoIAm, user, watchSession } from "../src/state/session.ts";
import { type Asked, find, kept, makeFilm, network, settled } from "./answering.ts";

let asked: Asked[];
let listsForgotten: number;

beforeEach(() => {
  asked = network();
  hasEnded.value = "no";
  isSignedIn.value = "no";
  notices.value = [];
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

test("who I am is asked, and remembered without a name", async () => {
  const asking = askWhoIAm();
  await find(asked, "GET", "/session").answer({
    user: { id: 7, guest: false, created_at: "2026-11-23T12:00:00Z", name: "Ida", operator: false },
  });
  await asking;
  expect(notices.value.map((one) => one.text)).toEqual(["You are signed in."]); // back from a provider
  expect(user.value?.name).toBe("Ida");
  expect(JSON.stringify({ ...localStorage })).not.toContain("Ida");
  expect(isSignedIn.value).toBe("yes");
});

test("where an account's session has ended nothing is written as a guest until somebody wants that", async () => {
  isSignedIn.value = "yes";
  const saying = expect(api.say(1, { verdict: "liked" }, "key")).rejects.toMatchObject({ status: 401 });
  await asked[0]?.refuse(401, "The session has ended.", "/problems/session-ended");
  await find(asked, "DELETE", "/session").answer(undefined, 204);
  await saying;
  expect([hasEnded.value, isSignedIn.value]).toEqual(["yes", "no"]);
  expect(asked).toHaveLength(2);

  const again = api.say(1, { verdict: "liked" }, "key");
  await expect(again).rejects.toMatchObject({
    status: 401,
    detail: expect.stringContaining("Until you sign in"),
  });
  expect(asked).toHaveLength(2);

  hasEnded.value = "no"; // they press "Go on as a guest"
  const third = api.say(1, { verdict: "liked" }, "key");
  await find(asked, "PATCH", "/library/1").answer(kept(makeFilm(), {}));
  await third;
});

test("a window that has not heard of a sign-out in another one writes nothing as a guest", async () => {
  isSignedIn.value = "yes";
  localStorage.removeItem("moviefinder.account"); // as signing out does there
  await expect(api.say(1, { verdict: "liked" }, "key")).rejects.toMatchObject({
    status: 401,
    detail: expect.stringContaining("Until you sign in"),
  });
  expect(asked).toEqual([]);
  expect([user.value, isSignedIn.value]).toEqual([null, "no"]);
});

test("a window loads anew when another one tells that somebody has signed in or out", async () => {
  const reloaded = new Promise<void>((done) => {
    vi.spyOn(location, "reload").mockImplementation(() => done());
  });
  const other = new BroadcastChannel("moviefinder");
  other.postMessage(null);
  await reloaded;
  other.close();
});

test("what only reads goes on when an account's session has ended", async () => {
  isSignedIn.value = "yes";
  const reading = api.library({});
  await asked[0]?.refuse(401, "The session has ended.", "/problems/session-ended");
  await find(asked, "DELETE", "/session").answer(undefined, 204);
  await settled();
  await find(asked, "GET", "/library").answer({ items: [], next: null });
  await reading;
  expect(hasEnded.value).toBe("yes");
});

test("a cookie that the browser has thrown away is a session that has ended", async () => {
  isSignedIn.value = "yes";
  const asking = askWhoIAm();
  await find(asked, "GET", "/session").answer({ user: null });
  await asking;
  expect(hasEnded.value).toBe("yes");
});

test("what the page before had to say is said once", () => {
  history.replaceState({ said: "You are signed in.", scroll: 3 }, "");
  watchSession(() => {});
  expect(notices.value.map((notice) => notice.text)).toEqual(["You are signed in."]);
  expect(history.state).toEqual({ scroll: 3 });
});

test("a request that was under way when the end was found out says nothing more", async () => {
  const both = Promise.all([api.library({}), api.changes({})]);
  await asked[0]?.refuse(401, "The session has ended.", "/problems/session-ended");
  await find(asked, "DELETE", "/session").answer(undefined, 204);
  await settled();
  await asked[1]?.refuse(401, "The session has ended.", "/problems/session-ended");
  for (const one of asked.slice(3)) await one.answer({ items: [], next: null });
  await both;
  expect(asked.filter((one) => one.method === "DELETE")).toHaveLength(1);
  expect(notices.value).toHaveLength(1);
});
