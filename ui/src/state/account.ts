/** The account of who is signed in: what the account page shows, and what can be done there. */

import { effect } from "@preact/signals";
import { ApiError } from "../api.ts";
import { type Account, accounts, type OpenSession, type Passkey, type Token } from "../api-account.ts";
import { search } from "./address.ts";
import { leave } from "./entering.ts";
import { Loader } from "./loading.ts";
import { notify } from "./notices.ts";
import { Declined, prove, proved, tookProof } from "./proof.ts";
import { faultText } from "./refusals.ts";
import { askWhoIAm, user } from "./session.ts";
import { invitation } from "./signing.ts";
import { t } from "./strings.ts";
import { madePasskey } from "./webauthn.ts";

export interface Whole {
  account: Account;
  passkeys: readonly Passkey[];
  sessions: readonly OpenSession[];
  tokens: readonly Token[];
}
const loader = new Loader<Whole>();
export const whole = loader.state;
// Nobody's any more: it does not stay on the screen.
effect(() => {
  if (user.value || !whole.peek().value) return;
  loader.reset();
  whole.value = { status: "failed", value: null, error: new ApiError(401, "/problems/session-ended", "") };
});

export async function openAccount(): Promise<void> {
  await loader.load(async (signal) => {
    if (!user.peek()) await askWhoIAm();
    if (!user.peek()) throw new ApiError(401, "/problems/sign-in-needed", "");
    const [account, passkeys, sessions, tokens] = await Promise.all([
      accounts.account(signal),
      accounts.passkeys(signal),
      accounts.sessions(signal),
      accounts.tokens(signal),
    ]);
    return { account, passkeys: passkeys.items, sessions: sessions.items, tokens: tokens.items };
  });
}

/** Says that the proof of a provider is there: what wanted it was not done yet. */
export async function greet(): Promise<void> {
  await openAccount();
  if (tookProof() && whole.peek().value?.account.fresh && !search.peek().has("problem"))
    notify(t("account.proof.given"));
}

/** Does something to the account, with a fresh proof where that is asked for, and shows what came of it. */
export async function done<T>(send: () => Promise<T>, said: string): Promise<T> {
  const answer = await proved(send);
  notify(said);
  await Promise.all([openAccount(), askWhoIAm()]);
  return answer;
}

/** As `done`, for buttons: what fails is said at the foot of the page. Gives whether it was done. */
export async function pressed(send: () => Promise<unknown>, said: string): Promise<boolean> {
  try {
    await done(send, said);
    return true;
  } catch (error) {
    if (!(error instanceof Declined)) notify(faultText(error), { isFailure: true });
    return false;
  }
}

/** Makes a passkey and keeps it under a name. */
export async function addPasskey(name: string): Promise<void> {
  const ceremony = await proved(() => accounts.beginNewPasskey(invitation.peek()));
  const credential = await madePasskey(ceremony);
  if (!credential) throw new Declined();
  await done(() => accounts.addPasskey(credential, name), t("account.passkeys.added"));
}

/** Hands all that is kept of this person to the browser, as a file. */
export async function exportAll(): Promise<void> {
  const { fresh, guest } = await accounts.account();
  if (!fresh && !guest) await prove();
  const link = document.createElement("a");
  link.href = "/api/v1/exports/all.zip";
  link.download = "";
  link.click();
}

export const signOut = () => leave(() => accounts.signOut(), t("account.signed_out"));

export const erase = () => leave(() => proved(() => accounts.erase()), t("account.erase.done"));
