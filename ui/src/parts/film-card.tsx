import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { Film, Recommendation } from "../api.ts";
import { isBare, latest } from "../state/filling.ts";
import { answersTo } from "../state/library.ts";
import { actOnKey } from "./card-keys.ts";
import { CardMenu } from "./card-menu.tsx";
import { DecisionButtons } from "./decision-buttons.tsx";
import { FactLine, GenreLine } from "./facts.tsx";
import { Poster } from "./poster.tsx";
import { Reasons } from "./reasons.tsx";
import { Summary } from "./summary.tsx";
import { Trailer } from "./trailer.tsx";

export type CardSize = "hero" | "large" | "usual";

/** After an answer that took a card away the focus goes to the one that took its place. */
function keepFocus(card: HTMLElement): void {
  const cards = card.closest("[data-cards]");
  if (!cards || !card.contains(document.activeElement)) return;
  const index = [...cards.querySelectorAll("[data-card]")].indexOf(card);
  requestAnimationFrame(() => {
    if (card.isConnected || !cards.isConnected) return;
    const left = cards.querySelectorAll<HTMLElement>("[data-card]");
    const next = left[Math.min(index, left.length - 1)] ?? document.querySelector<HTMLElement>("h1");
    next?.focus({ preventScroll: left.length > 0 });
  });
}

export function FilmCard({
  film: known,
  pick,
  size = "usual",
}: {
  film: Film;
  /** Where the film is recommended: how sure, and why. */
  pick?: Recommendation;
  size?: CardSize;
}) {
  const film = latest(known);
  const answers = answersTo(film.id).value;
  const isOpen = useSignal(false);
  const id = useId();

  return (
    <article
      class={`card ${size} ${isBare(known) ? "was-bare" : ""}`}
      data-card={film.id}
      tabIndex={-1}
      aria-labelledby={id}
      onClickCapture={(event) => keepFocus(event.currentTarget)}
      onKeyDown={(event) => {
        keepFocus(event.currentTarget);
        actOnKey(event, film, answers, isOpen);
      }}
    >
      <Poster film={film} />
      <div class="words">
        <div class="head">
          <h3 id={id} class="title">
            <a href={`/film/${film.id}`}>{film.title}</a>
          </h3>
          <CardMenu film={film} answers={answers} />
        </div>
        <FactLine film={film} />
        <Summary film={film} />
        <GenreLine film={film} />
        {pick && <Reasons pick={pick} isOpen={isOpen} />}
      </div>
      <DecisionButtons film={film} answers={answers} />
      <Trailer film={film} />
    </article>
  );
}
