/** Looking words up at a source outside: only when somebody asks for it. */
import { type Answered, api, type Film, type Source, type Sources } from "../api.ts";
import { followBare } from "./filling.ts";
import { learnAbout } from "./library.ts";
import { Loader } from "./loading.ts";
import { switchSource } from "./switches.ts";

export interface LookedUp {
  q: string;
  source: Source;
  items: readonly Film[];
  state: Answered;
  reason: string | null;
}

const loader = new Loader<LookedUp>();
export const lookedUp = loader.state;
/** What is being looked up, or was last. */
let asked = "";
export const isFor = (q: string): boolean => asked === q;

/** What a person can do about a source: ask it, switch it on and ask it, or nothing, and why. */
export type Way = "ask" | "switch" | "settings" | "operator";

export function wayTo(source: Source): Way {
  if (source.is_on) return "ask";
  if (source.may_switch) return "switch";
  return source.decided_by === "settings" ? "settings" : "operator";
}

/** Sources outside that find films by name and lack nothing. */
export function searchable({ items }: Sources): Source[] {
  return items.filter(
    (source) => source.hosts.length > 0 && source.needs === null && source.can.includes("search"),
  );
}

/** Asks a source, which is switched on first where it is off. */
export async function lookUp(q: string, source: Source): Promise<void> {
  asked = q;
  await loader.load(
    async (signal) => {
      const isOn = source.is_on || (await switchSource(source, true));
      if (!isOn) return { q, source, items: [], state: "off", reason: null };
      const { items, sources } = await api.lookUp(q, source.name, signal);
      await learnAbout(items, signal).catch(() => {}); // as in the search
      followBare(items);
      const told = sources.find((one) => one.source === source.name);
      return { q, source, items, state: told?.state ?? "answered", reason: told?.reason ?? null };
    },
    { isFresh: true },
  );
}
