/** Why something was refused, in the reader's language where we have a text of our own. */
import { ApiError } from "../api.ts";
import { refusalText } from "./library.ts";
import { dateTime, hasText, t } from "./strings.ts";

/** A wait that is longer is said by the clock: seconds. */
const LONG_WAIT = 600;

export function faultText(error: unknown): string {
  // What browsers say of passkeys; everything else of theirs is caught where it happens.
  if (error instanceof DOMException)
    return error.name === "InvalidStateError"
      ? t("problem.passkey-there")
      : t("problem.passkey-failed", { name: error.name });
  if (!(error instanceof ApiError)) return refusalText(error);
  const type = error.type.replace("/problems/", "");
  const { why, needs, wait = 0 } = error.more;
  if (type === "too-many" && wait > LONG_WAIT)
    return t("problem.too-many.until", { when: dateTime(new Date(Date.now() + wait * 1000).toISOString()) });
  // Where a link asks for the password there may be no account yet, so that none can be chosen by mail.
  const key = `problem.${type === "provider-failed" ? `provider-${why}` : needs ? `${type}.${needs}` : type}`;
  return hasText(key) ? t(key) : refusalText(error);
}
