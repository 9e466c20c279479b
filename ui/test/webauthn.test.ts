import { expect, test } from "vitest";
import { bytesOf, optionsOf, textOf } from "../src/state/webauthn.ts";

test("bytes come through as they were, whatever they are", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  for (const length of [0, 1, 2, 3, 255, 256]) {
    const some = bytes.slice(0, length);
    expect(bytesOf(textOf(some.buffer))).toEqual(some);
    expect(textOf(some.buffer)).toMatch(/^[A-Za-z0-9_-]*$/);
  }
});

test("options have bytes where browsers want them, bare or in an envelope", () => {
  const bare = {
    challenge: "AQID",
    rpId: "localhost",
    user: { id: "BAU", name: "ida" },
    excludeCredentials: [{ id: "Bg", type: "public-key" }],
  };
  const wanted = {
    challenge: Uint8Array.of(1, 2, 3),
    rpId: "localhost",
    user: { id: Uint8Array.of(4, 5), name: "ida" },
    excludeCredentials: [{ id: Uint8Array.of(6), type: "public-key" }],
  };
  expect(optionsOf({ options: bare })).toEqual(wanted);
  expect(optionsOf({ options: { publicKey: bare } })).toEqual(wanted);
  expect(optionsOf({ options: { challenge: "AQID" } })).not.toHaveProperty("allowCredentials");
});
