/** The keys of the page: searching, moving between cards, undoing, going back. */
import { back, route } from "./address.ts";
import { isHelpOpen, singleKey } from "./keys.ts";
import { undoLast } from "./notices.ts";
import { playing } from "./trailer.ts";

function cardsOnScreen(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-card]")];
}

/** Where the last move led, on which screen: a list may be replaced under somebody's hands. */
let last = { address: "", index: 0 };

/** Moves the focus to the next or the previous card; to the last one that had it, or the first, when none has it. */
export function moveCard(step: 1 | -1): void {
  const cards = cardsOnScreen();
  const now = document.activeElement?.closest<HTMLElement>("[data-card]");
  const kept = last.address === location.href ? last.index : 0;
  const index = Math.max(0, Math.min(cards.length - 1, now ? cards.indexOf(now) + step : kept));
  last = { address: location.href, index };
  const card = cards[index];
  card?.focus();
  card?.scrollIntoView({ block: "nearest" });
}

function goToSearch(): void {
  const box = document.querySelector<HTMLInputElement>("#search");
  box?.focus();
  box?.select();
}

/** Presses the button that looks the words up elsewhere; one that would switch a source on is only shown first. */
function lookUp(): void {
  const button = document.querySelector<HTMLElement>("[aria-keyshortcuts=o]");
  button?.focus();
  if (button?.dataset.on) button.click();
}

function leave(): void {
  if (playing.peek() !== null) playing.value = null;
  else if (route.peek().name === "film") back();
  else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

/** Arrows move between cards only from a card itself: elsewhere they scroll, as everywhere. */
function isOnCard(event: KeyboardEvent): boolean {
  return event.target instanceof HTMLElement && event.target.matches("[data-card]");
}

export function watchKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const acts: Record<string, () => void> = {
      "/": goToSearch,
      j: () => moveCard(1),
      k: () => moveCard(-1),
      u: () => void undoLast(),
      o: lookUp,
      "?": () => {
        isHelpOpen.value = true;
      },
    };
    const key = singleKey(event);
    const act = key === null ? undefined : acts[key];
    if (act) {
      event.preventDefault();
      act();
    } else if (event.key === "Escape" && !event.defaultPrevented) {
      leave();
    } else if (isOnCard(event) && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      moveCard(event.key === "ArrowDown" ? 1 : -1);
    }
  });
}
