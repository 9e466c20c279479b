import { beforeEach, expect, test } from "vitest";
import { ApiError, api } from "../src/api.ts";
import { faultText } from "../src/state/refusals.ts";
import { allTexts } from "../src/state/strings.ts";
import { network, settled } from "./answering.ts";

beforeEach(allTexts);

test("what a browser says of passkeys is no server that is away", () => {
  expect(faultText(new DOMException("", "InvalidStateError"))).toContain("has a passkey for your account");
  expect(faultText(new DOMException("", "ConstraintError"))).toContain("ConstraintError");
});

test.each([
  ["300", "a few minutes"],
  ["30000", "From "],
])("who tried too often and must wait %s s is told until when", async (seconds, words) => {
  const asked = network();
  const asking = api.session().catch(faultText);
  await settled();
  await asked[0]?.refuse(429, "Too often.", "/problems/too-many", {}, { "Retry-After": seconds });
  expect(await asking).toContain(words);
});

test("a link that asks for the password sends nobody for a new one: there may be no account yet", () => {
  expect(faultText(new ApiError(403, "/problems/wrong-secret", ""))).toContain("by mail");
  const atLink = new ApiError(403, "/problems/wrong-secret", "", { needs: "password" });
  expect(faultText(atLink)).toBe("That did not match. Look at it once more.");
});
