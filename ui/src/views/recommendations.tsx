import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { Chips, filterName, filterWords } from "../parts/chips.tsx";
import { Dials } from "../parts/dials.tsx";
import { Empty } from "../parts/empty.tsx";
import { Failed } from "../parts/failed.tsx";
import { type CardSize, FilmCard } from "../parts/film-card.tsx";
import { Icon } from "../parts/icon.tsx";
import { later } from "../parts/later.tsx";
import { Skeletons } from "../parts/skeleton.tsx";
import { Starters } from "../parts/starters.tsx";
import { arrival } from "../state/address.ts";
import {
  active,
  addressOf,
  type FilterName,
  filters,
  holdsTheSame,
  isPanelOpen,
  query,
  without,
} from "../state/filters.ts";
import { counts, learnCounts, whenKept } from "../state/library.ts";
import { announce } from "../state/notices.ts";
import { knownTaste } from "../state/preferences.ts";
import {
  hasTaste,
  isFetchingMore,
  isStale,
  keepFilling,
  type List,
  list,
  more,
  open,
  refresh,
  refreshSoon,
} from "../state/recommendations.ts";
import { appeared, vanished } from "../state/shown.ts";
import { isStarting, openStarters, wasAnyTapped, wasTapped } from "../state/starters.ts";
import { t, list as words } from "../state/strings.ts";

const FilterPanel = later(async () => (await import("../parts/filters.tsx")).FilterPanel);

/** The first three picks are larger. */
const sizeAt = (index: number): CardSize => (index === 0 ? "hero" : index < 3 ? "large" : "usual");
const SKELETONS: readonly CardSize[] = ["hero", "large", "large", "usual", "usual"];
/** From here on the list has enough to go by; until then the page says that more would help. */
const ENOUGH = 3;

/** How many films did not pass because what a filter asks for is not known of them. */
function LeftOut({ leftOut }: { leftOut: List["leftOut"] }) {
  const known = Object.entries(leftOut).filter(([, count]) => count > 0);
  if (known.length === 0) return null;
  return (
    <p class="soft">
      {known
        .map(([name, count]) => t("left_out", { count, filter: filterName(name as FilterName) }))
        .join(" ")}
    </p>
  );
}

/** What a filter asks for, in words: "Western and Drama". */
function wordsOf(name: FilterName): string {
  const values = active(filters.value).filter((one) => one.name === name);
  return words(values.map(filterWords)) || filterName(name);
}

/** The filters leave little: which one to drop, and what that gives. */
function Relax({ relax }: { relax: List["relax"] }) {
  if (relax.length === 0) return null;
  return (
    <ul class="relax">
      {relax.slice(0, 3).map(({ filter, frees }) => (
        <li key={filter}>
          <a class="button" href={addressOf(without(filters.value, filter as FilterName))}>
            {t("relax.drop", { count: frees, filter: wordsOf(filter as FilterName) })}
          </a>
        </li>
      ))}
    </ul>
  );
}

function FilterBar({ count }: { count: number | null }) {
  const isOpen = isPanelOpen;
  const id = useId();
  return (
    <div class="filter-bar">
      <div class="filter-row">
        <button
          type="button"
          class="button"
          aria-expanded={isOpen.value}
          aria-controls={id}
          onClick={() => {
            isOpen.value = !isOpen.value;
          }}
        >
          <Icon name="filter" /> {t("filters")}
        </button>
        <Chips />
        <p class="count" role="status">
          {count === null ? "" : t("count", { count })}
        </p>
      </div>
      {isOpen.value ? (
        <FilterPanel id={id}>
          <div id={id} />
        </FilterPanel>
      ) : (
        <div id={id} hidden />
      )}
      <Dials />
    </div>
  );
}

interface Place {
  card: Element;
  index: number;
}

/** The card that has the focus, and where it stands. */
function placeOf(target: EventTarget | null): Place | null {
  const card = target instanceof Element ? target.closest("[data-card]") : null;
  const cards = card?.parentElement?.children;
  return card && cards ? { card, index: [...cards].indexOf(card) } : null;
}

/** A list that was ranked anew may have lost the card with the focus: the one in its place takes it. */
function refocus(cards: HTMLElement, had: Place | null): void {
  if (!had || had.card.isConnected || document.activeElement !== document.body) return;
  const next = cards.children[Math.min(had.index, cards.children.length - 1)];
  if (next instanceof HTMLElement) next.focus({ preventScroll: true });
}

/** Watches which cards are really seen, for the record. */
function noteSeen(cards: HTMLElement): () => void {
  const found = [...cards.querySelectorAll<HTMLElement>("[data-card]")];
  const ranks = new Map(found.map((card, index) => [Number(card.dataset.card), index + 1]));
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const film = Number((target as HTMLElement).dataset.card);
        if (isIntersecting) appeared(film, ranks.get(film) ?? 1);
        else vanished(film);
      }
    },
    { threshold: 0.5 },
  );
  for (const card of found) watcher.observe(card);
  return () => {
    watcher.disconnect();
    for (const film of ranks.keys()) vanished(film);
  };
}

/** What changes a list that is up: one's own answers, and what is found out about the films that were answered. */
function News({ value }: { value: List }) {
  const { pending, wasPending } = value;
  const isFetching = pending.fetching > 0;
  useEffect(() => (isFetching ? keepFilling() : undefined), [isFetching, value.query]);
  const canRefresh = isStale.value && !isStarting.value && value.items.length > 0;
  const state = isFetching ? "fetching" : canRefresh ? "new" : pending.waiting > 0 ? "waiting" : "done";
  const words = wasPending ? t(`filling.list.${state}`) : t("stale");
  useEffect(() => {
    if (wasPending) announce(words);
  }, [wasPending, words]);
  if (!canRefresh && !wasPending) return null;
  return (
    <p class="stale">
      {words}{" "}
      {canRefresh && !isFetching && (
        <button type="button" class="plain" onClick={() => void refresh(query.peek())}>
          {t("stale.refresh")}
        </button>
      )}
    </p>
  );
}

function Picks({ value }: { value: List }) {
  const { items, count, reserve, next, hint, relax, leftOut } = value;
  const hasFilters = active(filters.value).length > 0;
  const cards = useRef<HTMLDivElement>(null);
  const focused = useRef<Place | null>(null);
  useEffect(() => {
    if (!cards.current) return;
    refocus(cards.current, focused.current);
    return noteSeen(cards.current);
  }, [items]);
  return (
    <>
      <News value={value} />
      {items.length > 0 && (
        <div
          class="cards"
          data-cards
          ref={cards}
          aria-busy={list.value.status === "loading"}
          onFocusIn={(event) => {
            focused.current = placeOf(event.target);
          }}
        >
          {items.map((pick, index) => (
            <FilmCard key={pick.film.id} film={pick.film} pick={pick} size={sizeAt(index)} />
          ))}
        </div>
      )}
      {(hint === "filters_too_tight" || (items.length === 0 && hasFilters)) && (
        <Empty title={t("tight.poster")} genre="maze">
          <p>{items.length === 0 ? t("tight.none") : t("tight.few", { count })}</p>
          <LeftOut leftOut={leftOut} />
          <Relax relax={relax} />
          <a class="button" href="/">
            {t("filters.clear")}
          </a>
        </Empty>
      )}
      {items.length === 0 && !hasFilters && hint !== "empty_taste" && (
        <Empty title={t("nothing.poster")} genre="horizon">
          <p>{t("nothing.none")}</p>
          <a class="button" href="/search">
            {t("start.name")}
          </a>
        </Empty>
      )}
      {hint !== "filters_too_tight" && items.length > 0 && <LeftOut leftOut={leftOut} />}
      {(reserve.length > 0 || next !== null) && (
        <p class="more">
          <button type="button" class="button" disabled={isFetchingMore.value} onClick={() => void more()}>
            {t("more")}
          </button>
        </p>
      )}
    </>
  );
}

function goToPicks(): void {
  const picks = document.getElementById("picks");
  picks?.scrollIntoView();
  picks?.focus({ preventScroll: true });
}

/** The way down to the picks, as long as they are out of sight. */
function ToPicks() {
  const isOutOfSight = useSignal(false);
  useEffect(() => {
    const picks = document.getElementById("picks");
    if (!picks) return;
    const watcher = new IntersectionObserver(([entry]) => {
      isOutOfSight.value = entry !== undefined && !entry.isIntersecting && entry.boundingClientRect.top > 0;
    });
    watcher.observe(picks);
    return () => watcher.disconnect();
  }, []);
  return (
    <button type="button" class="button strong to-picks" hidden={!isOutOfSight.value} onClick={goToPicks}>
      {t("start.see")}
    </button>
  );
}

/** For you: the picks, best first, and before the first like a wall of well-known films to tap. */
export function RecommendationsView() {
  const { status, value, error } = list.value;
  // Until the server has said, what was so at the last visit.
  const hasAny = hasTaste.value ?? knownTaste.value === "yes";
  const isStart = isStarting.value || !hasAny;

  useEffect(() => {
    open(query.value, arrival.peek() === "back");
  }, [query.value]);
  useEffect(() => {
    if (!hasAny) {
      isStarting.value = true;
      void openStarters();
    } else if (!wasAnyTapped()) {
      isStarting.value = false;
    }
  }, [hasAny]);
  useEffect(() => {
    // While somebody taps on the wall, every tap gives a new list; later the list stays as it is for the visit.
    const stop = whenKept((film) => {
      if (isStarting.peek() && wasTapped(film.id)) refreshSoon(query.peek());
    });
    return () => {
      stop();
      if (counts.peek().liked > 0) isStarting.value = false;
    };
  }, []);

  const isReady = status === "ready" && hasAny;
  useEffect(() => {
    if (isReady) learnCounts().catch(() => {}); // the count only says what would help
  }, [isReady]);

  const likes = counts.value.liked;
  // A list that only leans another way, or that answers to reasons have changed, stays until the new one is there.
  const isTheSame = value !== null && holdsTheSame(value.query, query.value);
  const isOnTheWay = status === "loading" && (hasAny ? !isTheSame : likes > 0);
  return (
    <>
      {isStart ? (
        <section class="start" aria-labelledby="start">
          <h1 id="start" tabIndex={-1}>
            {t("start.title")}
          </h1>
          <p class="lead">{t("start.lead")}</p>
          {!hasAny && active(filters.value).length > 0 && (
            <>
              <p>{t("start.filters")}</p>
              <Chips />
            </>
          )}
          <Starters />
          <p class="soft">
            {t("start.guest")} <a href="/kept">{t("nav.kept")}</a>
          </p>
        </section>
      ) : (
        <>
          <h1 tabIndex={-1}>{t("recommendations.title")}</h1>
          <h2 class="unseen">{t("start.picks")}</h2>
        </>
      )}
      {isStart && hasAny && (
        <>
          <ToPicks />
          <h2 id="picks" class="picks-title" tabIndex={-1}>
            {t("start.picks")}
          </h2>
        </>
      )}
      {isReady && likes > 0 && likes < ENOUGH && (
        <p class="soft">
          {t("start.more_help", { count: ENOUGH - likes })}{" "}
          {!isStart && <a href="/search">{t("start.name")}</a>}
        </p>
      )}
      {hasAny && <FilterBar count={isTheSame ? value.count : null} />}
      {status === "failed" && (hasAny || likes > 0) && (
        <Failed error={error} again={() => void refresh(query.peek())} />
      )}
      {isOnTheWay && <Skeletons sizes={SKELETONS} />}
      {isTheSame && hasAny && status !== "failed" && <Picks value={value} />}
    </>
  );
}
