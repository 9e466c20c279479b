/** Single keys: what they do, and that they keep quiet while somebody types. */
import { signal } from "@preact/signals";
import { singleKeys } from "./preferences.ts";
import type { Key } from "./strings.ts";

export const isHelpOpen = signal(false);

/** Keys of a card, and the text that says what each does. */
export const CARD_KEYS = {
  l: "key.liked",
  f: "key.fine",
  n: "key.disliked",
  s: "key.save",
  w: "key.seen",
  e: "key.why",
  t: "key.trailer",
} as const satisfies Record<string, Key>;
export type CardKey = keyof typeof CARD_KEYS;

/** Keys of the page. */
export const PAGE_KEYS = {
  "/": "key.search",
  j: "key.next",
  k: "key.previous",
  u: "key.undo",
  o: "key.lookup",
  Esc: "key.back",
  "?": "key.help",
} as const satisfies Record<string, Key>;

const TYPING =
  "input:not([type=checkbox], [type=radio], [type=button], [type=range]), textarea, select, [contenteditable]";

/** The single key that was pressed, when it is meant for us: not while typing, not with a modifier, not when off. */
export function singleKey(event: KeyboardEvent): string | null {
  if (singleKeys.value === "off" || event.defaultPrevented) return null;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return null;
  if (event.target instanceof Element && event.target.closest(TYPING)) return null;
  return event.key.length === 1 ? event.key.toLowerCase() : null;
}

export function cardKey(event: KeyboardEvent): CardKey | null {
  const key = singleKey(event);
  return key !== null && Object.hasOwn(CARD_KEYS, key) ? (key as CardKey) : null;
}
