import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError, AwayError } from "../src/api.ts";
import { Field, Form } from "../src/parts/form.tsx";
import { allTexts } from "../src/state/strings.ts";
import { settled } from "./answering.ts";

const place = document.createElement("div");
document.body.append(place);
const send = vi.fn<(values: Readonly<Record<string, string>>) => Promise<void>>();
const input = (name: string) => place.querySelector(`[name=${name}]`) as HTMLInputElement;
const type = (name: string, value: string) => {
  input(name).value = value;
};
const submit = async () => {
  place.querySelector<HTMLButtonElement>("[type=submit]")?.click();
  await settled();
  await settled();
};
/** What a screen reader says of a field beside its label. */
const described = (name: string) =>
  (input(name).getAttribute("aria-describedby") ?? "")
    .split(" ")
    .map((id) => document.getElementById(id)?.textContent ?? "")
    .join(" ");

beforeEach(async () => {
  await allTexts();
  send.mockReset().mockResolvedValue();
  render(
    <Form submit="Go" onSend={send}>
      <Field name="email" type="email" label="E-mail" autocomplete="username" />
      <Field
        name="password"
        type="password"
        label="Password"
        autocomplete="new-password"
        least={8}
        hint="Long."
      />
      <Field name="name" label="Name" autocomplete="nickname" isOptional />
    </Form>,
    place,
  );
});
afterEach(() => render(null, place));

test("what is missing or cannot be is said beside its field, and the first one takes the focus", async () => {
  type("password", "short");
  await submit();
  expect(send).not.toHaveBeenCalled();
  expect(input("email").getAttribute("aria-invalid")).toBe("true");
  expect(described("email")).toContain("This is needed.");
  expect(described("password")).toContain("Long. Too short: 8 characters at least.");
  expect(input("name").hasAttribute("aria-invalid")).toBe(false);
  expect(document.activeElement).toBe(input("email"));
});

test("letters count as people count them", async () => {
  type("email", "ida@example.org");
  type("password", "🎬🎬🎬🎬🎬🎬🎬🎬");
  await submit();
  expect(send).toHaveBeenCalledWith(
    { email: "ida@example.org", password: "🎬🎬🎬🎬🎬🎬🎬🎬", name: "" },
    expect.anything(),
  );
});

test("what the server refuses of a field stands beside it, and nothing typed is lost", async () => {
  const errors = [{ field: "body.password", problem: "Too common: choose other words." }];
  send.mockRejectedValue(new ApiError(422, "/problems/invalid", "password: Too common.", { errors }));
  type("email", "ida@example.org");
  type("password", "password1");
  await submit();
  expect(described("password")).toContain("Too common: choose other words.");
  expect(document.activeElement).toBe(input("password"));
  expect(input("email").value).toBe("ida@example.org");
  expect(input("password").value).toBe("password1");
});

test("why a password is refused is said in the reader's language, where the server says which of the reasons", async () => {
  const errors = [{ field: "password", problem: "The server's words." }];
  send.mockRejectedValue(new ApiError(422, "/problems/invalid", "No.", { errors, why: "common" }));
  type("email", "ida@example.org");
  type("password", "password1");
  await submit();
  expect(described("password")).toContain("among the most common ones");
});

test("an address to which no mail can go is said in the reader's language", async () => {
  const errors = [{ field: "email", problem: "The server's words." }];
  send.mockRejectedValue(new ApiError(422, "/problems/invalid", "No.", { errors }));
  type("email", "ida@localhost");
  type("password", "password1");
  await submit();
  expect(described("email")).toContain("No mail can be sent there.");
});

test("a wrong secret is said in our own words beside the password", async () => {
  send.mockRejectedValue(new ApiError(403, "/problems/wrong-secret", "The server's words."));
  type("email", "ida@example.org");
  type("password", "password1");
  await submit();
  expect(described("password")).toContain("That did not match.");
});

test("what is wrong with no field is an alert, and goes when it is tried again", async () => {
  send.mockRejectedValueOnce(new AwayError("gone"));
  type("email", "ida@example.org");
  type("password", "password1");
  await submit();
  const alert = () => place.querySelector("[role=alert]")?.textContent;
  expect(alert()).toContain("does not answer");
  await submit();
  expect(alert()).toBe("");
});

test("a second press while the first is under way sends nothing", async () => {
  send.mockReturnValue(new Promise(() => {}));
  type("email", "ida@example.org");
  type("password", "password1");
  await submit();
  await submit();
  expect(send).toHaveBeenCalledOnce();
});

test("a password can be looked at, and says so", async () => {
  type("password", "password1");
  const look = place.querySelector(".look") as HTMLButtonElement;
  expect([input("password").type, look.getAttribute("aria-pressed")]).toEqual(["password", "false"]);
  look.click();
  await settled();
  expect([input("password").type, look.getAttribute("aria-pressed")]).toEqual(["text", "true"]);
  expect(input("password").value).toBe("password1");
});
