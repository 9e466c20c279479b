/** The four states of anything that is fetched, and the newest-wins rule. */
import { type Signal, signal } from "@preact/signals";

export type Status = "idle" | "loading" | "ready" | "failed";

export interface Fetched<T> {
  status: Status;
  /** What was fetched last; stays while newer things are on their way. */
  value: T | null;
  error: unknown;
}

export class Loader<T> {
  readonly state: Signal<Fetched<T>> = signal<Fetched<T>>({ status: "idle", value: null, error: null });
  private running: AbortController | null = null;

  /** Fetches; an older fetch that is still running is dropped. Gives the value, or null when dropped or failed. */
  async load(
    fetchIt: (signal: AbortSignal) => Promise<T>,
    options: { isFresh?: boolean } = {},
  ): Promise<T | null> {
    this.running?.abort();
    const mine = new AbortController();
    this.running = mine;
    const kept = options.isFresh ? null : this.state.peek().value;
    this.state.value = { status: "loading", value: kept, error: null };
    try {
      const value = await fetchIt(mine.signal);
      if (this.running !== mine) return null;
      this.state.value = { status: "ready", value, error: null };
      return value;
    } catch (error) {
      if (this.running === mine) this.state.value = { status: "failed", value: kept, error };
      return null;
    }
  }

  /** Changes what is there, by hand. */
  change(how: (value: T) => T): void {
    const { value } = this.state.peek();
    if (value !== null) this.state.value = { ...this.state.peek(), value: how(value) };
  }

  reset(): void {
    this.running?.abort();
    this.running = null;
    this.state.value = { status: "idle", value: null, error: null };
  }
}
