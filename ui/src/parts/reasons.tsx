import type { Signal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { Because } from "../api.ts";
import { rich, richList, t } from "../state/strings.ts";
import { titleWithYear } from "./facts.tsx";

/** Two names make a sentence; the rest waits behind it. */
const NAMED = 2;

const FilmLink = ({ film }: { film: Because["film"] }) => (
  <a href={`/film/${film.id}`} title={titleWithYear(film)}>
    <cite>{film.title}</cite>
  </a>
);

/** Why a film is here: one sentence, which opens to the rest. */
export function Reasons({ because, isOpen }: { because: readonly Because[]; isOpen: Signal<boolean> }) {
  const id = useId();
  if (because.length === 0) return null;
  const rest = because.slice(NAMED);
  return (
    <div class="reasons">
      <p class="reason">
        {rich("because", {
          count: Math.min(NAMED, because.length),
          films: richList(because.slice(0, NAMED).map(({ film }) => <FilmLink key={film.id} film={film} />)),
        })}{" "}
        {rest.length > 0 && (
          <button
            type="button"
            class="plain"
            aria-expanded={isOpen.value}
            aria-controls={id}
            onClick={() => {
              isOpen.value = !isOpen.value;
            }}
          >
            {isOpen.value ? t("because.less") : t("because.more", { count: rest.length })}
          </button>
        )}
      </p>
      <ol id={id} class="shares" hidden={!isOpen.value || rest.length === 0}>
        {because.map(({ film, share }) => (
          <li key={film.id}>
            <FilmLink film={film} />
            {film.year !== null && <span class="soft"> {film.year}</span>}
            <span class="share" style={{ "--part": `${Math.round(share * 100)}%` }} aria-hidden="true" />
          </li>
        ))}
      </ol>
    </div>
  );
}
