/** Signing in and out. Either way the page is loaded anew: nothing of one person stays in the memory of another. */
import { accounts, type SignedIn } from "../api-account.ts";
import { written } from "./outbox.ts";
import { hasEnded, isSignedIn, writeChoices } from "./preferences.ts";
import { forgetPerson, tellWindows } from "./session.ts";
import { t } from "./strings.ts";

/** A path of ours to go to; For you where it is none. */
export function ownPath(wanted: string | null): string {
  try {
    const url = new URL(wanted ?? "/", location.origin);
    // "/.//elsewhere" is a path of ours until it is read once more.
    const isOurs = url.origin === location.origin && !url.pathname.startsWith("//");
    if (isOurs && wanted?.startsWith("/")) return url.pathname + url.search;
  } catch {
    // no address at all
  }
  return "/";
}

/** Loads the page anew at an address, which says `said`. The entry that was left is not come back to. */
export function loadAnew(address: string, said: string): void {
  history.replaceState({ said }, "", address);
  location.reload();
}

/** How many films have come along of a guest with this signing in. */
async function cameAlong(): Promise<number> {
  const [{ merges }, { items }] = await Promise.all([accounts.account(), accounts.sessions()]);
  const began = Date.parse(items.find(({ current }) => current)?.began_at ?? "");
  return merges.filter(({ at }) => Date.parse(at) >= began).reduce((sum, { films }) => sum + films, 0);
}

/** Goes on as who has signed in. */
export async function enter(next: string, said: string): Promise<void> {
  hasEnded.value = "no";
  isSignedIn.value = "yes";
  tellWindows();
  const films = await cameAlong().catch(() => 0);
  loadAnew(ownPath(next), films > 0 ? t("sign.came_along", { count: films, said }) : said);
}

/** Takes in an answer to signing in; gives the passkey that is still asked for, or null when somebody is in. */
export function taken(answer: SignedIn): NonNullable<SignedIn["second_factor"]> | null {
  return answer.user ? null : (answer.second_factor ?? null);
}

/** Ends this session: nothing personal stays on the screen, in memory or in storage. */
export async function leave(end: () => Promise<void>, said: string): Promise<void> {
  await written();
  await end();
  isSignedIn.value = "no";
  hasEnded.value = "no";
  forgetPerson();
  writeChoices();
  tellWindows();
  loadAnew("/", said);
}
