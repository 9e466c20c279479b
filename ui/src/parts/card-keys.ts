import type { Signal } from "@preact/signals";
import type { Answers, Film } from "../api.ts";
import { type CardKey, cardKey } from "../state/keys.ts";
import { say } from "../state/library.ts";
import { toggleTrailer, trailerKey } from "../state/trailer.ts";
import { verdictPatch } from "./decision-buttons.tsx";

/** Does what a single key says on a film; gives whether it was one. */
export function actOnKey(
  event: KeyboardEvent,
  film: Film,
  answers: Answers,
  isWhyOpen: Signal<boolean>,
): boolean {
  const acts: Record<CardKey, () => void> = {
    l: () => void say(film, verdictPatch(answers, "liked")),
    f: () => void say(film, verdictPatch(answers, "fine")),
    n: () => void say(film, verdictPatch(answers, "disliked")),
    s: () => void say(film, { saved: !answers.saved }),
    w: () => void say(film, { seen: !answers.seen }),
    e: () => {
      isWhyOpen.value = !isWhyOpen.value;
    },
    t: () => {
      if (trailerKey(film.trailer)) toggleTrailer(film.id);
    },
  };
  const key = cardKey(event);
  if (key === null) return false;
  event.preventDefault();
  acts[key]();
  return true;
}
