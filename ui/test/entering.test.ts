import { beforeEach, expect, test, vi } from "vitest";
import { enter, leave, ownPath } from "../src/state/entering.ts";
import { answersTo, learn } from "../src/state/library.ts";
import { hasEnded, isSignedIn } from "../src/state/preferences.ts";
import { user, watchSession } from "../src/state/session.ts";
import { allTexts } from "../src/state/strings.ts";
import { type Asked, find, kept, makeAccount, makeFilm, network, settled } from "./answering.ts";

let asked: Asked[];
const reload = vi.fn();

beforeEach(async () => {
  await allTexts();
  asked = network();
  watchSession(() => {});
  reload.mockClear();
  vi.spyOn(location, "reload").mockImplementation(reload);
});

test.each([
  ["/library?show=saved", "/library?show=saved"],
  ["/film/7", "/film/7"],
  [null, "/"],
  ["", "/"],
  ["//evil.example/", "/"],
  ["/\\evil.example/", "/"],
  ["https://evil.example/", "/"],
  ["javascript:alert(1)", "/"],
  ["/\t/evil.example", "/"],
  ["/.//evil.example", "/"],
  ["/film/..//evil.example", "/"],
  ["library", "/"],
])("after signing in, %j leads to %j", (wanted, path) => {
  expect(ownPath(wanted)).toBe(path);
});

test("who has signed in goes on in a page that is loaded anew, and hears what came along", async () => {
  hasEnded.value = "yes";
  const entering = enter("/library", "Hello.");
  const until = "2999-01-01T00:00:00Z";
  const merges = [
    { guest: 2, at: "2026-11-23T12:00:00Z", films: 3, until },
    { guest: 3, at: "2026-11-23T11:59:00Z", films: 4, until }, // in another browser
  ];
  await find(asked, "GET", "/account").answer(makeAccount({ merges }));
  await find(asked, "GET", "/sessions").answer({
    items: [{ current: false }, { current: true, began_at: "2026-11-23T12:00:00Z" }],
  });
  await entering;
  expect(reload).toHaveBeenCalledOnce();
  expect(location.pathname).toBe("/library");
  expect(history.state.said).toContain("3 films came along");
  expect([isSignedIn.value, hasEnded.value]).toEqual(["yes", "no"]);
});

test("after signing out nothing personal is in memory or storage", async () => {
  isSignedIn.value = "yes";
  user.value = { id: 7, guest: false, created_at: "2026-11-23T12:00:00Z", name: "Ida", operator: false };
  const heat = makeFilm();
  learn([kept(heat, { verdict: "liked" }).entry]);
  const leaving = leave(async () => {}, "Bye.");
  await settled();
  await leaving;
  expect(answersTo(heat.id).value.verdict).toBeNull();
  expect(user.value).toBeNull();
  expect(localStorage.getItem("moviefinder.account")).toBeNull();
  expect(reload).toHaveBeenCalledOnce();
});

test("the other windows hear of a sign-out, though it empties the storage that would have told them", async () => {
  isSignedIn.value = "yes";
  const other = new BroadcastChannel("moviefinder");
  const heard = new Promise((done) => {
    other.onmessage = done;
  });
  const leaving = leave(async () => localStorage.clear(), "Bye.");
  await leaving;
  await heard;
  expect(localStorage.getItem("moviefinder.account")).toBeNull();
  other.close();
});

test("a sign-out that fails forgets nothing", async () => {
  isSignedIn.value = "yes";
  const leaving = leave(() => Promise.reject(new Error("away")), "Bye.");
  await expect(leaving).rejects.toThrow("away");
  expect(isSignedIn.value).toBe("yes");
  expect(reload).not.toHaveBeenCalled();
});
