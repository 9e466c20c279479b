/** What only somebody may do who has just proved who they are: asked for when the server says so, then done. */
import { signal } from "@preact/signals";
import { ApiError } from "../api.ts";

/** Somebody has thought better of it; that is no failure. */
export class Declined extends Error {
  override name = "Declined";
}

/** Set while the dialog is up: tells what became of it. */
export const proving = signal<((isProved: boolean) => void) | null>(null);

export const isProblem = (error: unknown, type: string): error is ApiError =>
  error instanceof ApiError && error.type === `/problems/${type}`;

/**
 * Sends what needs a fresh proof. Where that is missing a dialog asks for it, and the request goes out once more.
 *
 * @throws Declined when the person leaves the dialog.
 */
export async function proved<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!isProblem(error, "sign-in-again")) throw error;
  }
  await prove();
  return send();
}

const LEFT = "moviefinder.proof";

/** Notes that a provider is asked for the proof: what wanted it does not outlive leaving the page. */
export function noteProof(): void {
  try {
    sessionStorage.setItem(LEFT, "");
  } catch {
    // storage is switched off: then nothing is said afterwards
  }
}

/** Whether a provider was asked, and this is the first time that anybody wants to know. */
export function tookProof(): boolean {
  try {
    const isNoted = sessionStorage.getItem(LEFT) !== null;
    sessionStorage.removeItem(LEFT);
    return isNoted;
  } catch {
    return false;
  }
}

/** Asks for a fresh proof. */
export async function prove(): Promise<void> {
  proving.peek()?.(false);
  const isProved = await new Promise<boolean>((done) => {
    proving.value = done;
  });
  proving.value = null;
  if (!isProved) throw new Declined();
}
