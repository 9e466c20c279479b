/** What this browser remembers: choices about the page, nothing about films. */
import { effect, type Signal, signal } from "@preact/signals";

/** What is stored; undefined where storage is switched off: choices then last as long as the page. */
export function stored(name: string): string | null | undefined {
  try {
    return localStorage.getItem(`moviefinder.${name}`);
  } catch {
    return undefined;
  }
}

const cleared = signal(0);

/** Writes every choice again: when a session ends the server asks the browser to forget all that is stored. */
export function writeChoices(): void {
  cleared.value += 1;
}

function remembered<T extends string>(name: string, choices: readonly T[], fallback: T): Signal<T> {
  const found = stored(name);
  const choice = signal<T>(choices.find((one) => one === found) ?? fallback);
  effect(() => {
    const value = choice.value;
    cleared.value;
    try {
      if (value === fallback) localStorage.removeItem(`moviefinder.${name}`);
      else localStorage.setItem(`moviefinder.${name}`, value);
    } catch {
      // as above
    }
  });
  return choice;
}

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
export const theme = remembered<Theme>("theme", THEMES, "system");

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];
export const chosenLanguage = remembered<Language | "system">("language", ["system", ...LANGUAGES], "system");

/** Where a dial stands that was moved; empty while it stands where it stands for everybody. */
const STEPS = ["", ...Array.from({ length: 21 }, (_, step) => String(step / 20))];
export const rememberedDials = {
  known: remembered("known", STEPS, ""),
  spread: remembered("spread", STEPS, ""),
};

/** Whether single keys act (WCAG 2.1.4 asks for a way to switch them off). */
export const singleKeys = remembered("keys", ["on", "off"], "on");

/** Whether there was anything to go by at the last visit: what the page looks like before the server has said. */
export const knownTaste = remembered("taste", ["no", "yes"], "no");

/** Whether this browser is signed in to an account, as far as the page knows. Not whose. */
export const isSignedIn = remembered("account", ["no", "yes"], "no");

/** Whether the session of an account has ended here: nothing is then said as a guest until somebody wants that. */
export const hasEnded = remembered("ended", ["no", "yes"], "no");

/** Whether films show the posters that we draw, also where there are real ones. */
export const posters = remembered("posters", ["real", "drawn"], "real");

/** Whether this person has been told that trailers play from YouTube, and said yes. */
export const trailerConsent = remembered("trailers", ["ask", "yes"], "ask");
