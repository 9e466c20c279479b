/** The screens before somebody is signed in: what this install offers, and what was typed so far. */
import { signal } from "@preact/signals";
import { accounts, type Ceremony, type Options } from "../api-account.ts";
import { enter, taken } from "./entering.ts";
import { Loader } from "./loading.ts";
import { noteProof } from "./proof.ts";
import { t } from "./strings.ts";
import { canPasskey, usedPasskey } from "./webauthn.ts";

const loader = new Loader<Options>();
export const options = loader.state;

export async function openOptions(): Promise<void> {
  if (options.peek().status !== "ready") await loader.load((signal) => accounts.options(signal));
}

/** Kept while somebody changes between the forms. */
export const typedEmail = signal("");
/** The invitation that led here; kept in memory alone. */
export const invitation = signal<string | null>(null);
/** The passkey that is asked for after the right password. */
export const second = signal<Ceremony | null>(null);

/** Whether somebody may make an account here. */
export const takesNew = ({ registration }: Options): boolean =>
  registration === "open" || (registration === "invited" && invitation.value !== null);

/** Whether passkeys work at the address that the browser shows. */
export const passkeysHere = (here: Options): boolean =>
  canPasskey() && (here.passkeys_at ?? (here.passkeys ? location.origin : null)) === location.origin;

/** Where else they do, on this machine. */
export const passkeysThere = (here: Options): string | null =>
  here.passkeys_at && here.passkeys_at !== location.origin ? here.passkeys_at : null;

/** Goes on after the answer to a password or a passkey. */
async function goOn(answer: Parameters<typeof taken>[0], next: string): Promise<void> {
  second.value = taken(answer);
  if (!second.peek()) await enter(next, t("session.begun"));
}

export async function signIn(email: string, password: string, next: string): Promise<void> {
  await goOn(await accounts.signIn(email, password), next);
  const here = options.peek().value;
  if (second.peek() && here && passkeysHere(here)) await signInByPasskey(next);
}

/** Signs in by passkey, or shows the one that is asked for after a password. */
export async function signInByPasskey(next: string): Promise<void> {
  const credential = await usedPasskey(second.peek() ?? (await accounts.beginPasskey()));
  if (credential) await goOn(await accounts.usePasskey(credential), next);
}

/** Goes to a provider, and comes back by its own way. */
export async function goToProvider(
  name: string,
  intent: "sign_in" | "link" | "again",
  next: string,
): Promise<void> {
  const held = invitation.peek();
  const { location: there } = await accounts.provider(name, {
    intent,
    next,
    ...(held ? { invitation: held } : {}),
  });
  if (intent === "again") noteProof();
  location.assign(there);
}
