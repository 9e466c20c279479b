import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { DIALS, type Dial, dials, setDial } from "../state/filters.ts";
import { list } from "../state/recommendations.ts";
import { t } from "../state/strings.ts";
import { Icon } from "./icon.tsx";

/** While a dial is being moved the list is asked for so long after the last step. */
const SETTLE_MS = 120;
/** In so many words a dial can be told, from end to end. */
const WORDS = 5;

/** Both dials lead from the safe end to the daring one; `known` counts the other way round. */
const turned = (name: Dial, value: number): number => (name === "known" ? 1 - value : value);

/** Where a dial stands, in words. */
export function dialWords(name: Dial, value: number): string {
  const word = Math.min(WORDS - 1, Math.floor(turned(name, value) * WORDS));
  return t(`dial.${name}.${word as 0 | 1 | 2 | 3 | 4}`);
}

function OneDial({ name }: { name: Dial }) {
  const id = useId();
  const set = dials.value[name];
  const value = set ?? list.value.value?.dials[name] ?? 0.5;
  /** Where the hand is; the list and the address follow. */
  const hand = useSignal<number | null>(null);
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(waiting.current), []);
  const settle = (wanted: number | null) => {
    clearTimeout(waiting.current);
    hand.value = null;
    setDial(name, wanted);
  };
  const at = hand.value ?? value;
  return (
    <div class="dial">
      <label for={id} class="unseen">
        {t(`dial.${name}`)}
      </label>
      <span aria-hidden="true">{t(`dial.${name}.from`)}</span>
      <input
        id={id}
        type="range"
        min={0}
        max={1}
        step={0.05}
        value={turned(name, at)}
        aria-valuetext={dialWords(name, at)}
        title={t("dials.hint")}
        onInput={(event) => {
          const wanted = Math.round(turned(name, event.currentTarget.valueAsNumber) * 20) / 20;
          hand.value = wanted;
          clearTimeout(waiting.current);
          waiting.current = setTimeout(() => settle(wanted), SETTLE_MS);
        }}
        onDblClick={() => settle(null)}
      />
      <span aria-hidden="true">{t(`dial.${name}.to`)}</span>
      <button
        type="button"
        class={`round ${set === null ? "is-away" : ""}`}
        aria-label={t("dials.reset", { dial: t(`dial.${name}`) })}
        title={t("dials.reset", { dial: t(`dial.${name}`) })}
        onClick={(event) => {
          // The button goes; the dial has the focus then, not nothing.
          event.currentTarget.parentElement?.querySelector("input")?.focus();
          settle(null);
        }}
      >
        <Icon name="undo" />
      </button>
    </div>
  );
}

/** Well known to little known, close to adventurous: they lean the list, and take nothing off it. */
export function Dials() {
  return (
    <fieldset class="dials">
      <legend class="unseen">{t("dials")}</legend>
      {DIALS.map((name) => (
        <OneDial key={name} name={name} />
      ))}
    </fieldset>
  );
}
