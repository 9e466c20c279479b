import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Account, Options } from "../src/api-account.ts";
import { whole } from "../src/state/account.ts";
import { go } from "../src/state/address.ts";
import { notices } from "../src/state/notices.ts";
import { run } from "../src/state/operator.ts";
import { hasEnded } from "../src/state/preferences.ts";
import { noteProof, proving, tookProof } from "../src/state/proof.ts";
import { forgetPerson, user } from "../src/state/session.ts";
import { options } from "../src/state/signing.ts";
import { allTexts } from "../src/state/strings.ts";
import { AccountView } from "../src/views/account.tsx";
import { type Asked, find, makeAccount, makeOptions, network, settled } from "./answering.ts";

let asked: Asked[];
const place = document.createElement("div");
document.body.append(place);
const text = () => place.textContent ?? "";
const headings = () => [...place.querySelectorAll("h2")].map((one) => one.textContent);
const button = (label: string) =>
  [...place.querySelectorAll<HTMLElement>("button, summary")].find((one) =>
    one.textContent?.trim().startsWith(label),
  );
const press = async (label: string) => {
  button(label)?.click();
  await settled();
  await settled();
};
const NOW = "2026-11-23T12:00:00Z";
const SESSION = {
  id: 1,
  current: true,
  way: "password",
  began_at: NOW,
  last_seen_at: NOW,
  expires_at: NOW,
  user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
  address: "127.0.0.1",
};
const PHONE = { ...SESSION, id: 2, current: false, user_agent: "Firefox/132.0 (Android 15)" };
const PASSKEY = { id: 5, name: "Phone", created_at: NOW, last_used_at: null };

async function answerAll(account: Partial<Account>, more: { passkeys?: unknown[]; sessions?: unknown[] }) {
  await find(asked, "GET", "/account").answer(makeAccount(account));
  await find(asked, "GET", "/account/passkeys").answer({ items: more.passkeys ?? [] });
  await find(asked, "GET", "/sessions").answer({ items: more.sessions ?? [SESSION] });
  await find(asked, "GET", "/account/tokens").answer({ items: [] });
  await settled();
}

async function show(
  account: Partial<Account> = {},
  more: { passkeys?: unknown[]; sessions?: unknown[]; here?: Partial<Options> } = {},
): Promise<void> {
  render(<AccountView />, place);
  await vi.waitFor(() => find(asked, "GET", "/account"));
  await find(asked, "GET", "/account/options").answer(makeOptions(more.here));
  await answerAll(account, more);
}

beforeEach(async () => {
  await allTexts();
  whole.value = { status: "idle", value: null, error: null };
  options.value = { status: "idle", value: null, error: null };
  notices.value = [];
  hasEnded.value = "no";
  user.value = { id: 7, guest: false, created_at: NOW, name: "Ida", operator: false };
  go("/account");
  asked = network();
});
afterEach(() => render(null, place));

test("an account shows everything that belongs to it", async () => {
  await show({ merges: [{ guest: 9, at: NOW, films: 3, until: NOW }] });
  expect(headings().slice(0, 9)).toEqual([
    "Films that came along",
    "Who I am",
    "Ways to sign in",
    "Passkeys",
    "Where you are signed in",
    "Programs",
    "What leaves this machine",
    "Take everything with you",
    "Erase me",
  ]);
  expect(text()).toContain("ida@example.org");
  expect(text()).toContain("Firefox · Linux");
});

test("a guest is told what a guest is, and can leave with everything", async () => {
  await show({ guest: true, name: null, email: null, ways: [] });
  expect(text()).toContain("You are a guest here since");
  expect(headings()).not.toContain("Programs");
  expect(headings()).toEqual(expect.arrayContaining(["Take everything with you", "Erase me"]));
});

test("nobody is offered the way in", async () => {
  user.value = null;
  render(<AccountView />, place);
  await (await vi.waitFor(() => find(asked, "GET", "/session"))).answer({ user: null });
  await settled();
  expect(text()).toContain("You are nobody here yet");
});

test("what needs a fresh proof asks for it by the ways that there are, then is done", async () => {
  await show({}, { passkeys: [PASSKEY] });
  await press("Remove");
  await find(asked, "DELETE", "/account/passkeys/5").refuse(403, "Once more.", "/problems/sign-in-again");
  await settled();
  const dialog = place.querySelector("dialog[open]") as HTMLDialogElement;
  expect(dialog.textContent).toContain("Is it you?");
  expect(document.activeElement).toBe(dialog.querySelector("[name=password]"));
  (dialog.querySelector("[name=password]") as HTMLInputElement).value = "a long one";
  await press("Go on");
  const proof = find(asked, "POST", "/session/again");
  expect(proof.body).toEqual({ password: "a long one" });
  const before = asked.length;
  await proof.answer({ user: { id: 7, guest: false } });
  await settled();
  expect(asked.slice(before).map((one) => `${one.method} ${one.path}`)).toEqual([
    "DELETE /api/v1/account/passkeys/5",
  ]);
  await find(asked, "DELETE", "/account/passkeys/5").answer(null, 204);
  await answerAll({}, {});
  expect(notices.value.at(-1)?.text).toContain("Phone is removed.");
  expect(place.querySelector("dialog[open]")).toBeNull();
  expect(proving.value).toBeNull();
});

test("who leaves the dialog changes nothing, and is told nothing of failure", async () => {
  await show({}, { sessions: [SESSION, PHONE] });
  await press("Sign out everywhere else");
  await find(asked, "DELETE", "/sessions").refuse(403, "Once more.", "/problems/sign-in-again");
  await settled();
  place.querySelector<HTMLDialogElement>("dialog[open]")?.close();
  await settled();
  expect(asked.filter((one) => one.method === "DELETE")).toHaveLength(1);
  expect(notices.value).toEqual([]);
});

test("the last way in stays, and the page says why", async () => {
  const google = {
    id: 2,
    kind: "provider" as const,
    provider: "google",
    email: null,
    created_at: NOW,
    last_used_at: null,
  };
  await show({ ways: [google] }, { here: { providers: [{ name: "google", title: "Google" }] } });
  await press("Unlink");
  await find(asked, "DELETE", "/account/identities/2").refuse(409, "Last.", "/problems/last-way-in");
  await settled();
  expect(notices.value.at(-1)).toMatchObject({
    isFailure: true,
    text: expect.stringContaining("Add another way first"),
  });
});

test("a token is shown once, to be copied, and what a program may is chosen", async () => {
  await show();
  await press("Make a token");
  (place.querySelector("[name=name][autocomplete=off]") as HTMLInputElement).value = "Kodi";
  place.querySelector<HTMLInputElement>("[name=scope][value=write]")?.click();
  [...place.querySelectorAll<HTMLButtonElement>("[type=submit]")]
    .find((one) => one.textContent === "Make a token")
    ?.click();
  await settled();
  const making = find(asked, "POST", "/account/tokens");
  expect(making.body).toEqual({ name: "Kodi", scope: "write" });
  const token = { id: 1, name: "Kodi", scope: "write", created_at: NOW, last_used_at: null };
  await making.answer({ token, secret: "mf_s3cret" });
  await answerAll({}, {});
  await find(asked, "GET", "/session").answer({ user: user.value });
  await settled();
  expect((place.querySelector(".once input") as HTMLInputElement).value).toBe("mf_s3cret");
});

test("a form that closes when it was sent leaves the focus where it was opened", async () => {
  await show();
  await press("Change e-mail");
  (place.querySelector("[name=email]") as HTMLInputElement).value = "new@example.org";
  await press("Send the mail");
  await find(asked, "PUT", "/account/email").answer({ sent: true }, 202);
  await settled();
  expect(place.querySelector("[name=email]")).toBeNull();
  expect(document.activeElement).toBe(button("Change e-mail"));
});

test("back from a provider that proved who one is, the page says that it is to be done once more", async () => {
  noteProof();
  await show();
  expect(notices.value.map((one) => one.text)).toEqual([expect.stringContaining("Do it once more now")]);
  expect(tookProof()).toBe(false); // said once
});

test("a guest is offered no account where none is made", async () => {
  await show({ guest: true, name: null, email: null, ways: [] }, { here: { registration: "closed" } });
  expect(place.querySelector("a[href='/sign-up']")).toBeNull();
  expect(headings()).not.toContain("Ways to sign in");
  expect(headings()).not.toContain("Passkeys");
});

test("what was shown of an account goes with its session, and so does what only its operator sees", async () => {
  await show();
  run.value = { status: "ready", value: {} as never, error: null };
  hasEnded.value = "yes";
  forgetPerson();
  await settled();
  expect(text()).toBe("Account");
  expect([whole.value.value, run.value.value]).toEqual([null, null]);
});

test("a guest all of whose films were there already has brought nothing along", async () => {
  await show({ merges: [{ guest: 9, at: NOW, films: 0, until: NOW }] });
  expect(headings()).not.toContain("Films that came along");
});

test("where a session has ended the page does not call its owner nobody", async () => {
  user.value = null;
  hasEnded.value = "yes";
  render(<AccountView />, place);
  await (await vi.waitFor(() => find(asked, "GET", "/session"))).answer({ user: null });
  await settled();
  expect(text()).toBe("Account");
});

test("erasing says what it does and asks once", async () => {
  vi.spyOn(location, "reload").mockImplementation(() => {});
  await show();
  await press("Erase me");
  const dialog = place.querySelector("dialog[open]") as HTMLDialogElement;
  expect(dialog.textContent).toContain("Nobody can bring it back");
  expect(asked.some((one) => one.method === "DELETE")).toBe(false);
  await press("Erase everything");
  await find(asked, "DELETE", "/account").answer(null, 204);
  await settled();
  expect(history.state.said).toContain("You are erased.");
  expect(location.pathname).toBe("/");
});
