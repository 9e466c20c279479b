import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { go, url } from "../src/state/address.ts";
import { user } from "../src/state/session.ts";
import { invitation, options, second, typedEmail } from "../src/state/signing.ts";
import { allTexts } from "../src/state/strings.ts";
import { LinkView } from "../src/views/link.tsx";
import { SignInView } from "../src/views/sign-in.tsx";
import { type Asked, find, makeAccount, makeOptions, network, settled } from "./answering.ts";

let asked: Asked[];
const place = document.createElement("div");
document.body.append(place);
const text = () => place.textContent ?? "";
const buttons = () => [...place.querySelectorAll("button")].map((one) => one.textContent?.trim());
const press = async (label: string) => {
  [...place.querySelectorAll("button")].find((one) => one.textContent?.trim() === label)?.click();
  await settled();
  await settled();
};
const fill = (values: Record<string, string>) => {
  for (const [name, value] of Object.entries(values)) {
    const input = place.querySelector(`[name=${name}]`) as HTMLInputElement;
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
};

async function show(path: string, changes = {}): Promise<void> {
  go(path);
  render(<SignInView />, place);
  await (await vi.waitFor(() => find(asked, "GET", "/account/options"))).answer(makeOptions(changes));
  await settled();
}

beforeEach(async () => {
  await allTexts();
  options.value = { status: "idle", value: null, error: null };
  user.value = null;
  invitation.value = null;
  second.value = null;
  typedEmail.value = "";
  asked = network();
  vi.spyOn(location, "reload").mockImplementation(() => {});
});
afterEach(() => render(null, place));

test("only what is configured is offered", async () => {
  await show("/sign-in");
  expect(buttons()).toEqual(["Show", "Sign in"]);
  options.value = { ...options.value, value: makeOptions({ providers: [{ name: "home", title: "Home" }] }) };
  await settled();
  expect(buttons()).toContain("Go on with Home");
});

test("where browsers have no passkeys the page says where they do", async () => {
  vi.stubGlobal("PublicKeyCredential", () => {});
  vi.stubGlobal("isSecureContext", true);
  await show("/sign-in", { passkeys_at: "http://name.example:8000" });
  expect(buttons()).not.toContain("Use a passkey");
  expect(place.querySelector("a[href^='http://name']")?.getAttribute("href")).toBe(
    "http://name.example:8000/sign-in",
  );
  options.value = {
    ...options.value,
    value: makeOptions({ passkeys: true, passkeys_at: location.origin }),
  };
  await settled();
  expect(buttons()).toContain("Use a passkey");
  expect(text()).not.toContain("Browsers keep passkeys");
});

test("signing in leads to where it was asked for, and never elsewhere", async () => {
  await show("/sign-in?next=%2Flibrary");
  fill({ email: "ida@example.org", password: "a long one" });
  await press("Sign in");
  const asking = find(asked, "POST", "/session");
  expect(asking.body).toEqual({ email: "ida@example.org", password: "a long one" });
  await asking.answer({ user: { id: 7, guest: false } });
  await find(asked, "GET", "/account").answer(makeAccount());
  await find(asked, "GET", "/sessions").answer({ items: [] });
  await settled();
  expect(location.pathname).toBe("/library");
});

test("a passkey that is wanted after the password is asked for", async () => {
  const get = vi.fn().mockRejectedValue(new DOMException("no", "NotAllowedError"));
  vi.stubGlobal("navigator", { ...navigator, languages: ["en"], credentials: { get } });
  vi.stubGlobal("PublicKeyCredential", () => {});
  vi.stubGlobal("isSecureContext", true);
  await show("/sign-in", { passkeys: true, passkeys_at: location.origin });
  fill({ email: "ida@example.org", password: "a long one" });
  await press("Sign in");
  await find(asked, "POST", "/session").answer({
    user: null,
    second_factor: { options: { challenge: "AQID" } },
  });
  await settled();
  expect(get).toHaveBeenCalledOnce();
  expect(place.querySelector("h1")?.textContent).toBe("Now your passkey");
  expect(document.activeElement).toBe(place.querySelector("h1"));
  await press("Use a passkey");
  expect(get).toHaveBeenCalledTimes(2);
  expect(asked.some((one) => one.path.endsWith("/session/passkey"))).toBe(false);
});

test("a passkey that is wanted where browsers have none is asked for nowhere but at the right address", async () => {
  await show("/sign-in", { passkeys_at: "http://name.example:8000" });
  fill({ email: "ida@example.org", password: "a long one" });
  await press("Sign in");
  await find(asked, "POST", "/session").answer({
    user: null,
    second_factor: { options: { challenge: "AQID" } },
  });
  await settled();
  expect(place.querySelector("h1")?.textContent).toBe("Now your passkey");
  expect(buttons()).not.toContain("Use a passkey");
  expect(place.querySelector("a[href='http://name.example:8000/sign-in']")).not.toBeNull();
});

test("an e-mail address that was typed is kept from form to form", async () => {
  await show("/sign-in");
  fill({ email: "ida@example.org" });
  go("/sign-in?forgotten");
  await settled();
  expect((place.querySelector("[name=email]") as HTMLInputElement).value).toBe("ida@example.org");
  await press("Send the mail");
  const asking = find(asked, "POST", "/account/links");
  expect(asking.body).toEqual({ purpose: "reset", email: "ida@example.org" });
  await asking.answer({ sent: true }, 202);
  await settled();
  expect(text()).toContain("If ida@example.org belongs to an account here");
  expect(text()).toContain("folder “mail”");
});

test("an invitation leaves the address bar, and opens what is closed without one", async () => {
  await show("/sign-up#invitation=s3cret_-", { registration: "invited" });
  expect(location.hash).toBe("");
  expect(url.value.href).not.toContain("s3cret");
  expect(text()).toContain("You are invited");
  fill({ email: "ida@example.org", password: "a long one", name: " Ida " });
  await press("Make an account");
  const asking = find(asked, "POST", "/account");
  expect(asking.body).toEqual({
    email: "ida@example.org",
    password: "a long one",
    name: "Ida",
    language: "en",
    invitation: "s3cret_-",
  });
  await asking.answer({ sent: true }, 202);
  await settled();
  expect(place.querySelector("h1")?.textContent).toBe("Look into your mail");
});

test("an invitation that is void is said as that, and no longer as one", async () => {
  await show("/sign-up#invitation=s3cret_-", { registration: "invited" });
  fill({ email: "ida@example.org", password: "a long one" });
  await press("Make an account");
  await find(asked, "POST", "/account").refuse(409, "Void.", "/problems/link-void");
  await settled();
  expect(text()).toContain("This invitation does not work any more.");
  expect(text()).not.toContain("You are invited");
  expect((place.querySelector("[name=email]") as HTMLInputElement).value).toBe("ida@example.org");
});

test("an install that nobody runs says how that is mended, and with what", async () => {
  await show("/sign-up", { operator_wanted: true });
  expect(text()).toContain("one-time code of its log");
  expect(place.querySelector("main a[href='/operator'], .note a[href='/operator']")).not.toBeNull();
});

test.each<["invited" | "closed", string, string?]>([
  ["invited", "by invitation"],
  ["closed", "not made here"],
  ["closed", "not made here", "#invitation=s3cret"],
])("where registration is %s, there is no form to sign up", async (registration, words, hash = "") => {
  await show(`/sign-up${hash}`, { registration });
  expect(place.querySelector("form")).toBeNull();
  expect(text()).toContain(words);
});

test.each([
  ["provider-silent", "does not answer now"],
  ["identity-taken", "another account"],
  ["nonsense-of-later", "did not work"],
])("what went wrong at a provider is said: %s", async (problem, words) => {
  await show(`/sign-in?problem=${problem}`);
  expect(place.querySelector("[role=alert]")?.textContent).toContain(words);
});

test("what went wrong at a provider is not lost on who is signed in", async () => {
  user.value = { id: 7, guest: false, created_at: "2026-11-23T12:00:00Z", name: "Ida", operator: false };
  go("/sign-in?problem=link-void");
  render(<SignInView />, place);
  await vi.waitFor(() => expect(location.pathname).toBe("/account"));
  expect(location.search).toBe("?problem=link-void");
});

test("the secret of a link leaves the address bar before it is sent, and a link is used once", async () => {
  go("/link/confirm#s3cret");
  render(<LinkView purpose="confirm" />, place);
  await settled();
  expect(location.href).not.toContain("s3cret");
  const uses = () => asked.filter((one) => one.path.endsWith("/account/links/use"));
  expect(uses().map((one) => one.body)).toEqual([{ token: "s3cret" }]);
  await uses()[0]?.refuse(409, "Void.", "/problems/link-void");
  await settled();
  expect(text()).toContain("does not work any more");
  expect(uses()).toHaveLength(1);
});

test("a link that was opened in another browser asks for the password", async () => {
  go("/link/confirm#s3cret");
  render(<LinkView purpose="confirm" />, place);
  await (await vi.waitFor(() => find(asked, "GET", "/account/options"))).answer(makeOptions());
  const using = find(asked, "POST", "/account/links/use");
  await using.refuse(403, "Password.", "/problems/wrong-secret", { needs: "password" });
  await settled();
  expect(place.querySelector("a[href*='/link/']")).toBeNull();
  expect(place.querySelector("a[href='/sign-up']")).not.toBeNull();
  fill({ password: "a long one" });
  await press("Go on");
  expect(find(asked, "POST", "/account/links/use").body).toEqual({ token: "s3cret", password: "a long one" });
});

test("where this install has another name, the link can be opened there as well", async () => {
  go("/link/confirm#s3cret");
  render(<LinkView purpose="confirm" />, place);
  const there = "http://name.example:8000";
  await (await vi.waitFor(() => find(asked, "GET", "/account/options"))).answer(
    makeOptions({ passkeys_at: there }),
  );
  const using = find(asked, "POST", "/account/links/use");
  await using.refuse(403, "Password.", "/problems/wrong-secret", { needs: "password" });
  await settled();
  expect(place.querySelector(`a[href='${there}/link/confirm#s3cret']`)).not.toBeNull();
});

test.each(["confirm", "reset"])(
  "a link to %s that has lost its secret is not called void",
  async (purpose) => {
    go(`/link/${purpose}`);
    render(<LinkView purpose={purpose} />, place);
    await settled();
    expect(text()).toContain("Open the link in the mail once more");
    expect(text()).not.toContain("does not work any more");
  },
);

test("a new password is chosen before the link of a reset is used", async () => {
  go("/link/reset#s3cret");
  render(<LinkView purpose="reset" />, place);
  await (await vi.waitFor(() => find(asked, "GET", "/account/options"))).answer(makeOptions());
  await settled();
  expect(asked.some((one) => one.method === "POST")).toBe(false);
  fill({ password: "a longer one" });
  await press("Go on");
  const using = find(asked, "POST", "/account/links/use");
  expect(using.body).toEqual({ token: "s3cret", password: "a longer one" });
  await using.answer({ user: null });
  await settled();
  expect(location.pathname).toBe("/sign-in");
  expect(history.state.said).toContain("Your password is changed");
});
