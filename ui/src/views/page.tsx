import type { FunctionComponent } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Footer } from "../parts/footer.tsx";
import { Header } from "../parts/header.tsx";
import { KeysDialog } from "../parts/keys-dialog.tsx";
import { later } from "../parts/later.tsx";
import { Notices } from "../parts/notices.tsx";
import { arrival, path, type Route, rememberedScroll, route, signInHere, url } from "../state/address.ts";
import { isAway } from "../state/connection.ts";
import { shown } from "../state/film.ts";
import { hasEnded } from "../state/preferences.ts";
import { type Key, t } from "../state/strings.ts";
import { playing } from "../state/trailer.ts";
import { FilmView } from "./film.tsx";
import { LibraryView } from "./library.tsx";
import { NowhereView } from "./nowhere.tsx";
import { RecommendationsView } from "./recommendations.tsx";
import { SearchView } from "./search.tsx";

/** Each screen and its title. What is seldom wanted first comes when it is. */
const SignInView = later(async () => (await import("./sign-in.tsx")).SignInView);
const LinkView = later(async () => (await import("./link.tsx")).LinkView);
const SCREENS: Record<Exclude<Route["name"], "film" | "link">, readonly [FunctionComponent, Key]> = {
  recommendations: [RecommendationsView, "recommendations.title"],
  search: [SearchView, "search.title"],
  library: [LibraryView, "library.title"],
  nowhere: [NowhereView, "nowhere.title"],
  about: [later(async () => (await import("./about.tsx")).AboutView), "nav.about"],
  leaving: [later(async () => (await import("./leaving.tsx")).LeavingView), "nav.leaving"],
  kept: [later(async () => (await import("./kept.tsx")).KeptView), "nav.kept"],
  "sign-in": [SignInView, "nav.sign_in"],
  "sign-up": [SignInView, "nav.sign_up"],
  account: [later(async () => (await import("./account.tsx")).AccountView), "nav.account"],
  operator: [later(async () => (await import("./operator.tsx")).OperatorView), "nav.operator"],
};

function View() {
  const now = route.value;
  if (now.name === "film") return <FilmView key={now.id} id={now.id} />;
  if (now.name === "link") return <LinkView key={now.purpose} purpose={now.purpose} />;
  const [Screen] = SCREENS[now.name];
  return <Screen />;
}

function documentTitle(): string {
  const now = route.value;
  if (now.name === "recommendations") return "MovieFinder";
  const film = shown.value.value?.film;
  if (now.name === "film") return film?.id === now.id ? `${film.title} · MovieFinder` : "MovieFinder";
  return `${t(now.name === "link" ? "nav.account" : SCREENS[now.name][1])} · MovieFinder`;
}

/** The session of an account has ended: nothing is said as a guest unless somebody wants that. */
function Ended() {
  if (hasEnded.value === "no" || route.value.name === "sign-in") return null;
  return (
    <p class="away" role="status">
      {t("session.over")} <a href={signInHere.value}>{t("nav.sign_in")}</a>{" "}
      <button
        type="button"
        onClick={() => {
          hasEnded.value = "no";
        }}
      >
        {t("session.guest")}
      </button>
    </p>
  );
}

/** Everything: the header, the screen that the address names, and what floats over them. */
export function Page() {
  const content = useRef<HTMLElement>(null);
  const title = documentTitle();
  useEffect(() => {
    document.title = title;
  }, [title]);
  useLayoutEffect(() => {
    playing.value = null;
    if (arrival.peek() === "back" || arrival.peek() === "start") window.scrollTo(0, rememberedScroll());
    if (arrival.peek() !== "push") return;
    window.scrollTo(0, 0);
    // The new screen's heading takes the focus, so that reading goes on from there; the search box keeps its own.
    if (route.peek().name !== "search")
      (content.current?.querySelector<HTMLElement>("h1[tabindex]") ?? content.current)?.focus({
        preventScroll: true,
      });
  }, [path.value, arrival.value === "replace" ? "" : url.value]);
  return (
    <>
      <Header />
      {isAway.value && (
        <p class="away" role="status">
          {t("away")}
        </p>
      )}
      <Ended />
      <main id="content" ref={content} tabIndex={-1}>
        <View />
      </main>
      <Footer />
      <Notices />
      <KeysDialog />
    </>
  );
}
