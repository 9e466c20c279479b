import type { Answers, Film, Verdict } from "../api.ts";
import type { CardKey } from "../state/keys.ts";
import { say } from "../state/library.ts";
import { t } from "../state/strings.ts";
import { playing, toggleTrailer, trailerKey } from "../state/trailer.ts";
import { Icon } from "./icon.tsx";

const VERDICTS: readonly Verdict[] = ["liked", "fine", "disliked"];
const KEYS: Record<Verdict, CardKey> = { liked: "l", fine: "f", disliked: "n" };

/** A verdict that is pressed again is taken back. */
export const verdictPatch = (answers: Answers, verdict: Verdict) => ({
  verdict: answers.verdict === verdict ? null : verdict,
});

/** The answers, always in the same order and place: liked it, fine, not for me, save, trailer. */
export function DecisionButtons({ film, answers }: { film: Film; answers: Answers }) {
  const hasTrailer = trailerKey(film.trailer) !== null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms; these act at once
    <div class="decisions" role="group" aria-label={t("card.answers", { title: film.title })}>
      {VERDICTS.map((verdict) => (
        <button
          key={verdict}
          type="button"
          class={`decision ${verdict}`}
          aria-pressed={answers.verdict === verdict}
          aria-keyshortcuts={KEYS[verdict]}
          onClick={() => void say(film, verdictPatch(answers, verdict))}
        >
          <Icon name={verdict} isFilled={answers.verdict === verdict && verdict !== "fine"} />
          <span>{t(`verdict.${verdict}`)}</span>
        </button>
      ))}
      <button
        type="button"
        class="decision save"
        aria-pressed={answers.saved}
        aria-keyshortcuts="s"
        onClick={() => void say(film, { saved: !answers.saved })}
      >
        <Icon name={answers.saved ? "saved" : "save"} />
        <span>{t("action.save")}</span>
      </button>
      <button
        type="button"
        class="decision play"
        disabled={!hasTrailer}
        aria-keyshortcuts="t"
        aria-expanded={hasTrailer ? playing.value === film.id : undefined}
        title={hasTrailer ? undefined : t("trailer.none")}
        onClick={() => toggleTrailer(film.id)}
      >
        <Icon name="trailer" />
        <span>{t("action.trailer")}</span>
      </button>
    </div>
  );
}
