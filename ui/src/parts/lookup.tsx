import { useEffect, useId } from "preact/hooks";
import type { Source } from "../api.ts";
import { refusalText } from "../state/library.ts";
import { isFor, isFound, type LookedUp, lookedUp, lookUp, searchable, wayTo } from "../state/lookup.ts";
import type { Results } from "../state/search.ts";
import { openSources, sources } from "../state/sources.ts";
import { rich, t } from "../state/strings.ts";
import { FilmCard } from "./film-card.tsx";
import { Skeletons } from "./skeleton.tsx";

/** One source: what it would be sent, while it is off, and the button that asks it. */
function Offer({ q, source, isFirst }: { q: string; source: Source; isFirst: boolean }) {
  const id = useId();
  const isOn = source.is_on;
  return (
    <div class="lookup-offer">
      {!isOn && (
        <p id={id}>
          {t("lookup.sends", { q, host: source.hosts[0]?.host ?? source.title })}{" "}
          <span class="soft">
            {rich("lookup.stays", { leaving: <a href="/leaving">{t("nav.leaving")}</a> })}
          </span>
        </p>
      )}
      <button
        type="button"
        class="button strong"
        aria-describedby={isOn ? undefined : id}
        {...(isFirst ? { "aria-keyshortcuts": "o" } : {})}
        {...(isOn ? { "data-on": "yes" } : {})}
        onClick={() => void lookUp(q, source)}
      >
        {t("lookup.at", { source: source.title })}
        {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a kbd takes no focus */}
        {isFirst && <kbd aria-hidden="true">o</kbd>}
      </button>
    </div>
  );
}

/** What came of asking, in words; null where the films speak for themselves. */
function outcome({ q, source, items, state }: LookedUp, news: number): string | null {
  const named = { q, source: source.title };
  if (state === "late" || state === "failed" || state === "off") return t(`lookup.${state}`, named);
  if (items.length === 0) return t("lookup.none", named);
  return news === 0 ? t("lookup.none_new", named) : null;
}

function Found({ value, results }: { value: LookedUp; results: Results }) {
  const news = value.items.filter((film) => !results.items.some((one) => one.id === film.id));
  const words = outcome(value, news.length);
  return (
    <>
      <p role="status" class={words === null ? "unseen" : ""}>
        {words ?? t("lookup.found", { count: news.length, source: value.source.title })}
        {words && value.reason && <span class="soft"> {value.reason}</span>}
      </p>
      {news.length > 0 && (
        <>
          <h2>{t("lookup.results", { source: value.source.title })}</h2>
          <div class="cards one-abreast" data-cards>
            {news.map((film) => (
              <FilmCard key={film.id} film={film} />
            ))}
          </div>
        </>
      )}
    </>
  );
}

/** Below the results: looking the words up elsewhere. */
export function Lookup({ results }: { results: Results }) {
  useEffect(() => void openSources(), []);
  const { value: known } = sources.value;
  const { value, status, error } = lookedUp.value;
  const { q } = results;
  if (!known) return null;
  const offers = searchable(known).map((source) => ({ source, way: wayTo(source) }));
  const open = offers.filter(({ way }) => way === "ask" || way === "switch");
  if (open.length === 0) {
    // Who has found the film need not hear what else could be asked.
    if (isFound(results)) return null;
    const [first] = offers;
    if (known.offline) return <p class="soft">{t("lookup.offline")}</p>;
    return first ? (
      <p class="soft">
        {t(first.way === "settings" ? "lookup.settings" : "lookup.operator", { source: first.source.title })}
      </p>
    ) : null;
  }
  const isMine = isFor(q);
  return (
    <div class="lookup">
      <h2>{t("lookup.title")}</h2>
      <div class="lookup-offers">
        {open.map(({ source }, index) => (
          <Offer key={source.name} q={q} source={source} isFirst={index === 0} />
        ))}
      </div>
      {isMine && status === "loading" && <Skeletons sizes={["usual", "usual"]} />}
      {isMine && status === "failed" && <p role="alert">{refusalText(error)}</p>}
      {isMine && value?.q === q && <Found value={value} results={results} />}
    </div>
  );
}
