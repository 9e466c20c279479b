/** The order in which writes leave. */
import { signal } from "@preact/signals";

/** Whether the server has answered a write of ours, and so knows who we are. */
export const isKnown = signal(false);

const tails = new Map<number, Promise<unknown>>();
// The first write without a cookie makes a guest. Two at once would make two, so until one is answered they go in turn.
let door: Promise<unknown> = Promise.resolve();

/** Lets the first writes wait for something else that must be known before. */
export function waitFor(known: Promise<unknown>): void {
  door = known;
}

/** Sends a write about one film after the earlier ones about it; the first writes of a new visitor one at a time. */
export function enqueue<T>(film: number, send: () => Promise<T>): Promise<T> {
  const waits = [tails.get(film), isKnown.peek() ? undefined : door];
  const sent = Promise.allSettled(waits).then(send);
  const settled = sent.then(
    () => {
      isKnown.value = true;
    },
    () => {},
  );
  tails.set(film, settled);
  if (!isKnown.peek()) door = settled;
  void settled.then(() => {
    if (tails.get(film) === settled) tails.delete(film);
  });
  return sent;
}

/** Waits until every write so far is answered: what is read then holds them. */
export async function written(): Promise<void> {
  await Promise.allSettled([...tails.values()]);
}

/** A key that makes a repeated write count once. (`crypto.randomUUID` is missing on plain HTTP from another machine.) */
export function writeKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
