import { expect, test, vi } from "vitest";
import { ApiError } from "../src/api.ts";
import { Declined, proved, proving } from "../src/state/proof.ts";
import { settled } from "./answering.ts";

const stale = () => new ApiError(403, "/problems/sign-in-again", "Once more.");

test("what wants a fresh proof is sent once more when that was given", async () => {
  const send = vi.fn().mockRejectedValueOnce(stale()).mockResolvedValueOnce("done");
  const answer = proved(send);
  await settled();
  proving.value?.(true);
  await expect(answer).resolves.toBe("done");
  expect(send).toHaveBeenCalledTimes(2);
  expect(proving.value).toBeNull();
});

test("it is sent once more and no oftener", async () => {
  const send = vi.fn().mockImplementation(() => Promise.reject(stale()));
  const answer = expect(proved(send)).rejects.toMatchObject({ type: "/problems/sign-in-again" });
  await settled();
  proving.value?.(true);
  await answer;
  expect(send).toHaveBeenCalledTimes(2);
});

test("who leaves the dialog has declined, and nothing is sent", async () => {
  const send = vi.fn().mockRejectedValue(stale());
  const answer = expect(proved(send)).rejects.toBeInstanceOf(Declined);
  await settled();
  proving.value?.(false);
  await answer;
  expect(send).toHaveBeenCalledOnce();
});

test("another refusal asks for no proof", async () => {
  const refused = new ApiError(409, "/problems/last-way-in", "The last one.");
  await expect(proved(() => Promise.reject(refused))).rejects.toBe(refused);
  expect(proving.value).toBeNull();
});
