/** Switching sources on and off, and trying them. */
import { signal } from "@preact/signals";
import { api, type Source, type Tested } from "../api.ts";
import { refusalText } from "./library.ts";
import { notify } from "./notices.ts";
import { openSources } from "./sources.ts";
import { t } from "./strings.ts";

/** Switches a source; gives whether the server did. `forget`: what it has told goes as well. */
export async function switchSource(source: Source, on: boolean, forget = false): Promise<boolean> {
  try {
    await api.switchSource(source.name, { on, ...(forget ? { forget } : {}) });
  } catch (error) {
    notify(t("leaving.not_switched", { source: source.title, why: refusalText(error) }), { isFailure: true });
    return false;
  }
  await openSources({ again: true });
  return true;
}

/** What came of trying a source; null while it is being tried. */
export const tests = signal<ReadonlyMap<string, Tested | null>>(new Map());

export async function testSource(name: string): Promise<void> {
  const note = (told: Tested | null) => {
    tests.value = new Map(tests.peek()).set(name, told);
  };
  note(null);
  try {
    note(await api.testSource(name));
  } catch (error) {
    note({ outcome: "silent", message: refusalText(error), took_ms: 0 });
  }
  await openSources({ again: true });
}
