/** Where we are: the address, the route in it, and going elsewhere without losing the place. */
import { computed, signal } from "@preact/signals";

const SCREENS = [
  "search",
  "library",
  "about",
  "leaving",
  "kept",
  "sign-in",
  "sign-up",
  "account",
  "operator",
] as const;

export type Route =
  | { name: "recommendations" | "nowhere" | (typeof SCREENS)[number] }
  | { name: "film"; id: number }
  | { name: "link"; purpose: string };

type Arrival = "start" | "push" | "replace" | "back";
interface Place {
  url: URL;
  arrival: Arrival;
}

const here = (): URL => new URL(location.href);
const place = signal<Place>({ url: here(), arrival: "start" });

export const url = computed(() => place.value.url);
/** How we came here: a list is fetched afresh for a new visit and kept when somebody comes back. */
export const arrival = computed(() => place.value.arrival);
export const path = computed(() => url.value.pathname);
export const search = computed(() => url.value.searchParams);

export function routeOf(pathname: string): Route {
  if (pathname === "/") return { name: "recommendations" };
  const screen = SCREENS.find((name) => pathname === `/${name}`);
  if (screen) return { name: screen };
  const film = /^\/film\/(\d{1,15})$/.exec(pathname);
  if (film) return { name: "film", id: Number(film[1]) };
  const [, purpose] = /^\/link\/(confirm|reset|email|unlock)$/.exec(pathname) ?? [];
  return purpose ? { name: "link", purpose } : { name: "nowhere" };
}
export const route = computed(() => routeOf(path.value));

/** The way to sign in and back to where we are. */
export const signInHere = computed(() =>
  /^\/(sign-|link)/.test(path.value)
    ? "/sign-in"
    : `/sign-in?next=${encodeURIComponent(path.value + url.value.search)}`,
);

/** The last address of For you, so that its link leads back to the same filters. */
export const forYou = signal("/");

function arrive(how: Arrival): void {
  place.value = { url: here(), arrival: how };
  if (path.peek() === "/") forYou.value = `/${url.peek().search}`;
}

function rememberScroll(): void {
  history.replaceState({ ...history.state, scroll: window.scrollY }, "");
}

/** How far down this entry of the history was when it was left. */
export function rememberedScroll(): number {
  return Number(history.state?.scroll ?? 0);
}

export function go(href: string, options: { replace?: boolean } = {}): void {
  if (options.replace) {
    history.replaceState({ ...history.state }, "", href);
    arrive("replace");
    return;
  }
  rememberScroll();
  history.pushState({ inside: true }, "", href);
  arrive("push");
}

/** Back to where the reader came from; to For you when that is outside of the page. */
export function back(): void {
  if (history.state?.inside) history.back();
  else go(forYou.value);
}

function isOurs(link: HTMLAnchorElement, event: MouseEvent): boolean {
  return (
    link.origin === location.origin &&
    !link.target &&
    !link.hasAttribute("download") &&
    event.button === 0 &&
    !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) &&
    routeOf(link.pathname).name !== "nowhere"
  );
}

/** Real links everywhere: those that lead to our own screens are followed without loading the page again. */
export function followLinks(): void {
  history.scrollRestoration = "manual";
  arrive("start");
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || !(event.target instanceof Element)) return;
    const link = event.target.closest("a");
    if (!link || !isOurs(link, event)) return;
    event.preventDefault();
    if (link.hash) {
      document.querySelector<HTMLElement>(link.hash)?.focus();
      return;
    }
    go(link.pathname + link.search, { replace: link.href === location.href });
  });
  window.addEventListener("popstate", () => arrive("back"));
  window.addEventListener("pagehide", rememberScroll);
  // Going back leaves no moment to note the place before the entry changes, so it is noted after each scroll.
  window.addEventListener("scrollend", rememberScroll);
}
