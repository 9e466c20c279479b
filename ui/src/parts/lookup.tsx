import { useEffect, useId } from "preact/hooks";
import type { Film, Source, Sources } from "../api.ts";
import { refusalText } from "../state/library.ts";
import { isFor, type LookedUp, lookedUp, lookUp, searchable, wayTo } from "../state/lookup.ts";
import { isFound, type Results } from "../state/search.ts";
import { openSources, sources } from "../state/sources.ts";
import { rich, t } from "../state/strings.ts";
import { shortName } from "./facts.tsx";
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
          {t("lookup.sends", { q, host: source.hosts[0]?.host ?? shortName(source) })}{" "}
          <span class="soft">
            {rich("lookup.stays", { leaving: <a href="/leaving">{t("nav.leaving")}</a> })}
          </span>
        </p>
      )}
      <button
        type="button"
        class={isFirst ? "button strong" : "button"}
        aria-describedby={isOn ? undefined : id}
        {...(isFirst ? { "aria-keyshortcuts": "o" } : {})}
        {...(isOn ? { "data-on": "yes" } : {})}
        onClick={() => void lookUp(q, source)}
      >
        {t("lookup.at", { source: shortName(source) })}
        {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a kbd takes no focus */}
        {isFirst && <kbd aria-hidden="true">o</kbd>}
      </button>
    </div>
  );
}

/** What came of asking, in words. */
function outcome({ q, source, items, state }: LookedUp, news: number): string {
  const named = { q, source: shortName(source) };
  if (state !== "answered") return t(`lookup.${state}`, named);
  if (items.length === 0) return t("lookup.none", named);
  return news === 0
    ? t("lookup.none_new", named)
    : t("lookup.found", { count: news, source: shortName(source) });
}

function Found({ source, films }: { source: Source; films: readonly Film[] }) {
  return (
    <>
      <h2>{t("lookup.results", { source: shortName(source) })}</h2>
      <div class="cards one-abreast" data-cards>
        {films.map((film) => (
          <FilmCard key={film.id} film={film} />
        ))}
      </div>
    </>
  );
}

/** Why nobody can be asked, for those who miss a film. */
function Unasked({ known, results }: { known: Sources; results: Results }) {
  const [first] = searchable(known);
  if (isFound(results) || !(first || known.offline)) return null;
  const why = known.offline ? "offline" : first && wayTo(first) === "settings" ? "settings" : "operator";
  return <p class="soft">{t(`lookup.${why}`, { source: first ? shortName(first) : "" })}</p>;
}

/** Below the results: looking the words up elsewhere. */
export function Lookup({ results }: { results: Results }) {
  useEffect(() => void openSources(), []);
  const { value: known } = sources.value;
  if (!known) return null;
  const open = searchable(known).filter((source) => ["ask", "switch"].includes(wayTo(source)));
  if (open.length === 0) return <Unasked known={known} results={results} />;
  const { q } = results;
  const { value, status, error } = lookedUp.value;
  const isMine = isFor(q);
  const told = isMine && value?.q === q ? value : null;
  const films = told?.items.filter((film) => !results.items.some((one) => one.id === film.id)) ?? [];
  return (
    <div class="lookup">
      <h2>{t("lookup.title")}</h2>
      <div class="lookup-offers">
        {open.map((source, index) => (
          <Offer key={source.name} q={q} source={source} isFirst={index === 0} />
        ))}
      </div>
      {/* Always there, or a screen reader would miss what appears in it; the films speak for themselves. */}
      <p role="status" class={films.length > 0 || !told ? "unseen" : ""}>
        {told && outcome(told, films.length)}
        {told?.reason && <span class="soft"> {told.reason}</span>}
      </p>
      {isMine && status === "loading" && <Skeletons sizes={["usual", "usual"]} />}
      {isMine && status === "failed" && <p role="alert">{refusalText(error)}</p>}
      {told && films.length > 0 && <Found source={told.source} films={films} />}
    </div>
  );
}
