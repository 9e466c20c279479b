import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Footer } from "../parts/footer.tsx";
import { Header } from "../parts/header.tsx";
import { KeysDialog } from "../parts/keys-dialog.tsx";
import { later } from "../parts/later.tsx";
import { Notices } from "../parts/notices.tsx";
import { arrival, path, rememberedScroll, route, url } from "../state/address.ts";
import { isAway } from "../state/connection.ts";
import { shown } from "../state/film.ts";
import { type Key, t } from "../state/strings.ts";
import { playing } from "../state/trailer.ts";
import { FilmView } from "./film.tsx";
import { LibraryView } from "./library.tsx";
import { NowhereView } from "./nowhere.tsx";
import { RecommendationsView } from "./recommendations.tsx";
import { SearchView } from "./search.tsx";

const AboutView = later(async () => (await import("./about.tsx")).AboutView);
const LeavingView = later(async () => (await import("./leaving.tsx")).LeavingView);

const TITLES: Record<string, Key> = {
  recommendations: "recommendations.title",
  search: "search.title",
  library: "library.title",
  about: "nav.about",
  leaving: "nav.leaving",
  nowhere: "nowhere.title",
};

function View() {
  const now = route.value;
  switch (now.name) {
    case "recommendations":
      return <RecommendationsView />;
    case "search":
      return <SearchView />;
    case "library":
      return <LibraryView />;
    case "film":
      return <FilmView key={now.id} id={now.id} />;
    case "about":
      return <AboutView />;
    case "leaving":
      return <LeavingView />;
    case "nowhere":
      return <NowhereView />;
  }
}

function documentTitle(): string {
  const now = route.value;
  if (now.name === "film") {
    const film = shown.value.value?.film;
    return film?.id === now.id ? `${film.title} · MovieFinder` : "MovieFinder";
  }
  const key = TITLES[now.name];
  return now.name === "recommendations" || !key ? "MovieFinder" : `${t(key)} · MovieFinder`;
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
      <main id="content" ref={content} tabIndex={-1}>
        <View />
      </main>
      <Footer />
      <Notices />
      <KeysDialog />
    </>
  );
}
