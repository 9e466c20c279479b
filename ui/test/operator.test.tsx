import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { notices } from "../src/state/notices.ts";
import { run } from "../src/state/operator.ts";
import { user } from "../src/state/session.ts";
import { options } from "../src/state/signing.ts";
import { allTexts } from "../src/state/strings.ts";
import { OperatorView } from "../src/views/operator.tsx";
import { type Asked, find, makeOptions, network, settled } from "./answering.ts";

let asked: Asked[];
const place = document.createElement("div");
document.body.append(place);
const text = () => place.textContent ?? "";
const NOW = "2026-11-23T12:00:00Z";
const GRANDMA = { id: 4, note: "Grandma", created_at: NOW, expires_at: NOW, used_at: null };
const IDA = {
  id: 7,
  name: "Ida",
  emails: ["ida@example.org"],
  ways: ["password", "home"],
  operator: true,
  sessions: 1,
  created_at: NOW,
  last_seen_at: NOW,
};
const INSTALL = {
  version: "1",
  started_at: NOW,
  accounts: 1,
  guests: 0,
  sessions: 1,
  registration: "open",
  takes_guests: true,
  films: 1,
  jobs: { queued: 0, running: 0, done: 0, failed: 0 },
  mail: "folder",
  mails_waiting: 0,
  database: "sqlite",
  disk: [
    { name: "titles", bytes: 0, files: 0, more: false },
    { name: "posters", bytes: 9, files: 1, more: false },
  ],
  free_bytes: 9,
  sources_on: [],
};
const press = async (label: string) => {
  [...place.querySelectorAll<HTMLElement>("button, summary")]
    .find((one) => one.textContent?.trim().startsWith(label))
    ?.click();
  await settled();
  await settled();
};

beforeEach(async () => {
  await allTexts();
  run.value = { status: "idle", value: null, error: null };
  options.value = { status: "idle", value: null, error: null };
  notices.value = [];
  user.value = { id: 7, guest: false, created_at: NOW, name: "Ida", operator: false };
  asked = network();
  render(<OperatorView />, place);
  await vi.waitFor(() => find(asked, "GET", "/operator"));
});
afterEach(() => render(null, place));

async function answerAll(): Promise<void> {
  const providers = [{ name: "home", title: "Home" }];
  await find(asked, "GET", "/account/options").answer(makeOptions({ providers, operator_wanted: true }));
  await find(asked, "GET", "/operator").answer(INSTALL);
  await find(asked, "GET", "/operator/users").answer({ items: [IDA], next: null });
  await find(asked, "GET", "/operator/invitations").answer({ items: [] });
  await find(asked, "GET", "/jobs").answer({ items: [], next: null });
  await settled();
}

test("figures and ways to sign in are said in words, and empty folders not at all", async () => {
  await answerAll();
  expect(text()).toContain("1 with an account, 0 guests, 1 session");
  expect(text()).not.toContain("1 sessions");
  expect(text()).toContain("E-mail and password and Home");
  expect(text()).toContain("posters");
  expect(text()).not.toContain("titles");
});

test("the link of an invitation takes the focus, and goes with it", async () => {
  await answerAll();
  await press("Make an invitation");
  (place.querySelector("[name=note]") as HTMLInputElement).value = "Grandma";
  place.querySelector<HTMLElement>("[type=submit]")?.click();
  await settled();
  const link = "http://127.0.0.1/sign-up#invitation=s3cret";
  await find(asked, "POST", "/operator/invitations").answer({ invitation: GRANDMA, link });
  await vi.waitFor(() => expect(document.activeElement).toBe(place.querySelector(".once input")));
  expect(text()).toContain("Link of the invitation: Grandma");
  await press("Remove");
  await find(asked, "DELETE", "/operator/invitations/4").answer(null, 204);
  await settled();
  expect(place.querySelector(".once")).toBeNull();
  expect(notices.value.at(-1)?.text).toContain("The invitation is removed");
  expect(document.activeElement?.tagName).toBe("SUMMARY");
});

test("a wrong code is called that, and no password", async () => {
  await find(asked, "GET", "/account/options").answer(makeOptions({ operator_wanted: true }));
  for (const path of ["/operator", "/operator/users", "/operator/invitations"])
    await find(asked, "GET", path).refuse(403, "Only the operator may.");
  await settled();
  (place.querySelector("[name=code]") as HTMLInputElement).value = "no";
  place.querySelector<HTMLElement>("[type=submit]")?.click();
  await settled();
  await find(asked, "POST", "/operator/code").refuse(403, "No.", "/problems/wrong-secret");
  await settled();
  expect(text()).toContain("That is not the code.");
});
