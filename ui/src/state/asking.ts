/** Asking again, ever more rarely, for what the server is still finding out. */

const DELAYS_MS = [250, 500, 1_000, 2_000, 4_000, 8_000];
/** Two and a half minutes; what is not there by then is shown on the next visit. */
const MOST = 24;

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** Nobody looks: what changes is asked for when somebody does. */
const looked = () =>
  new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));

/** Asks as long as `ask` says that there is more to come. A request that fails is one more to come. */
export async function keepAsking(
  ask: () => Promise<boolean>,
  { delays = DELAYS_MS, signal }: { delays?: readonly number[]; signal?: AbortSignal } = {},
): Promise<void> {
  for (let turn = 0; turn < MOST; turn += 1) {
    await pause(delays[Math.min(turn, delays.length - 1)] ?? 0);
    if (document.hidden) await looked();
    if (signal?.aborted || !(await ask().catch(() => true))) return;
  }
}
