/** Why something was refused, in the reader's language where we have a text of our own. */
import { ApiError } from "../api.ts";
import { refusalText } from "./library.ts";
import { hasText, t } from "./strings.ts";

export function faultText(error: unknown): string {
  if (!(error instanceof ApiError)) return refusalText(error);
  const type = error.type.replace("/problems/", "");
  const key = `problem.${type === "provider-failed" ? `provider-${error.more.why}` : type}`;
  return hasText(key) ? t(key) : refusalText(error);
}
