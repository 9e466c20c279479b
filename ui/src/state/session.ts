/** Who we are to the server. Nobody, until the first answer makes a guest. */
import { batch, signal } from "@preact/signals";
import { api, type User, whenGuestMade, whenSessionEnds } from "../api.ts";
import { forgetEverything } from "./library.ts";
import { notify } from "./notices.ts";
import { isKnown } from "./outbox.ts";
import { hasEnded, isSignedIn, stored, writeChoices } from "./preferences.ts";
import { t } from "./strings.ts";

export const user = signal<User | null>(null);

let forgetLists = () => {};
let ending: Promise<void> | null = null;
// Storage alone does not tell: signing out empties it, and what is gone already cannot be taken out.
const windows = new BroadcastChannel("moviefinder");

/** Has every other window of this browser ask anew who it is. */
export function tellWindows(): void {
  windows.postMessage(null);
}

/** Nothing personal stays on the screen or in memory. */
export function forgetPerson(): void {
  batch(() => {
    user.value = null;
    forgetEverything();
    forgetLists();
  });
}

/** A guest goes on as a new one and is told; of an account nothing is written until somebody has decided that. */
function ended(): void {
  if (isSignedIn.peek() === "yes") hasEnded.value = "yes";
  else notify(t("session.ended"));
  isSignedIn.value = "no";
  forgetPerson();
  tellWindows();
}

async function goOn(): Promise<void> {
  await api.forgetSession();
  ended();
  writeChoices();
}

/** When a session has ended: forget the cookie, say so, go on as nobody. Once, however many requests found out. */
export function watchSession(forget: () => void): void {
  forgetLists = forget;
  whenSessionEnds(() => {
    ending ??= goOn().finally(() => {
      ending = null;
    });
    return ending;
  });
  whenGuestMade(() => {
    // Signed out in another window, and this one has not heard of it: it must not write as somebody else.
    if (isSignedIn.peek() === "yes" && stored("account") === null) ended();
    return hasEnded.peek() === "yes" ? t("session.over") : null;
  });
  // What the page that was left for this one has to say (`entering.ts`).
  const { said, ...state } = history.state ?? {};
  if (said) notify(said);
  history.replaceState(state, "");
  // Somebody has signed in or out in another window of this browser, or come back from a provider there.
  windows.onmessage = () => location.reload();
  addEventListener("storage", ({ key }) => {
    if (key === "moviefinder.account") location.reload();
  });
}

export async function askWhoIAm(): Promise<void> {
  const found = (await api.session()).user;
  // The browser has thrown the cookie of an account away, as it does when that is too old.
  if (!found && isSignedIn.peek() === "yes") return ended();
  // Back from a provider: every other way of signing in says so by itself.
  if (found && !found.guest && stored("account") === null) notify(t("session.begun"));
  batch(() => {
    user.value = found;
    isSignedIn.value = found && !found.guest ? "yes" : "no";
    if (found) {
      isKnown.value = true;
      hasEnded.value = "no";
    }
  });
}
