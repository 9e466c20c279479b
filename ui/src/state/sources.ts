/** Where facts come from, and which of these sources are on. */
import { computed } from "@preact/signals";
import { api, type Source, type Sources } from "../api.ts";
import { Loader } from "./loading.ts";

const loader = new Loader<Sources>();
export const sources = loader.state;

/** Whether this install calls nobody outside; false while that is not known. */
export const isOffline = computed(() => sources.value.value?.offline ?? false);

/** Asks once a visit, and again when something may have changed. */
export async function openSources({ again = false } = {}): Promise<void> {
  if (!again && sources.peek().status !== "idle" && sources.peek().status !== "failed") return;
  await loader.load((signal) => api.sources(signal));
}

/** Nothing is known of them, as at the beginning of a visit. */
export function resetSources(): void {
  loader.reset();
}

export function sourceOf(name: string): Source | null {
  return sources.value.value?.items.find((source) => source.name === name) ?? null;
}
