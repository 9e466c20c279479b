import { useSignal } from "@preact/signals";
import { useId, useRef } from "preact/hooks";
import type { Answers, Film } from "../api.ts";
import { forget, inTwoWeeks, isDecided, isSeen, isSnoozed, say } from "../state/library.ts";
import { t } from "../state/strings.ts";
import { Icon } from "./icon.tsx";

/** The small menu of a card: seen, not tonight, forget. */
export function CardMenu({ film, answers }: { film: Film; answers: Answers }) {
  const isOpen = useSignal(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const isPutOff = isSnoozed(answers);
  const close = (toButton: boolean) => {
    isOpen.value = false;
    if (toButton) button.current?.focus();
  };
  const act = (what: () => void) => {
    close(true);
    what();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only notices Escape and the focus that leaves
    <div
      class="menu-holder"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen.value) return;
        event.stopPropagation();
        close(true);
      }}
      onFocusOut={(event) => {
        const goesTo = event.relatedTarget;
        if (!(goesTo instanceof Node && event.currentTarget.contains(goesTo))) close(false);
      }}
    >
      <button
        ref={button}
        type="button"
        class="round"
        aria-expanded={isOpen.value}
        aria-controls={id}
        aria-label={t("card.more", { title: film.title })}
        onClick={() => {
          isOpen.value = !isOpen.value;
        }}
      >
        <Icon name="more" />
      </button>
      <div id={id} class="menu" hidden={!isOpen.value}>
        <button
          type="button"
          aria-pressed={answers.seen}
          aria-keyshortcuts="w"
          // Liked and fine are seen by themselves.
          disabled={isSeen(answers) && !answers.seen}
          onClick={() => act(() => void say(film, { seen: !answers.seen }))}
        >
          {t("action.seen")}
        </button>
        <button
          type="button"
          aria-pressed={isPutOff}
          onClick={() => act(() => void say(film, { snoozed_until: isPutOff ? null : inTwoWeeks() }))}
        >
          {t("action.snooze")} <span class="soft">{t("action.snooze.hint")}</span>
        </button>
        {(answers.verdict !== null || !answers.taste) && (
          <button
            type="button"
            aria-pressed={!answers.taste}
            onClick={() => act(() => void say(film, { taste: !answers.taste }))}
          >
            {t("action.friend")}
          </button>
        )}
        {(isDecided(answers) || answers.rating !== null) && (
          <button type="button" onClick={() => act(() => void forget(film))}>
            {t("action.forget")}
          </button>
        )}
      </div>
    </div>
  );
}
