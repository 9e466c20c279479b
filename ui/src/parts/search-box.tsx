import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { go, route } from "../state/address.ts";
import {
  closeSuggestions,
  fetchHint,
  hint,
  submit,
  suggestions,
  type as takeTyped,
  typed,
} from "../state/search.ts";
import { t } from "../state/strings.ts";
import { Icon } from "./icon.tsx";

/** The search of every screen: suggestions under it, results on the Search screen. */
export function SearchBox() {
  const id = useId();
  const chosen = useSignal(-1);
  const input = useRef<HTMLInputElement>(null);
  const isSearch = route.value.name === "search";
  const rows = isSearch ? [] : (suggestions.value.value ?? []).filter((row) => row.film !== undefined);
  const isOpen = rows.length > 0;

  useEffect(() => {
    if (hint.value === null) void fetchHint();
  }, []);

  const close = () => {
    chosen.value = -1;
    closeSuggestions();
  };
  const openChosen = () => {
    const film = rows[chosen.value]?.film;
    if (film === undefined) {
      submit();
    } else {
      close();
      typed.value = "";
      go(`/film/${film}`);
    }
    chosen.value = -1;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!isOpen) return;
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One place before the first row is the box itself.
      chosen.value = ((chosen.value + 1 + step + rows.length + 1) % (rows.length + 1)) - 1;
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (isOpen) close();
      else input.current?.blur();
    }
  };
  return (
    <search class="search-box">
      <form
        action="/search"
        onSubmit={(event) => {
          event.preventDefault();
          openChosen();
        }}
      >
        <Icon name="search" />
        <input
          ref={input}
          id="search"
          name="q"
          type="text"
          inputMode="search"
          role="combobox"
          value={typed.value}
          maxLength={200}
          autocomplete="off"
          spellcheck={false}
          enterkeyhint="search"
          aria-label={t("search.label")}
          placeholder={hint.value ? t("search.hint", { title: hint.value }) : t("search.label")}
          aria-expanded={isOpen}
          aria-controls={`${id}-rows`}
          aria-autocomplete="list"
          aria-activedescendant={chosen.value >= 0 ? `${id}-${chosen.value}` : undefined}
          onInput={(event) => {
            chosen.value = -1;
            takeTyped(event.currentTarget.value);
          }}
          onKeyDown={onKeyDown}
          onBlur={close}
        />
        {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a kbd takes no focus */}
        <kbd aria-hidden="true">/</kbd>
      </form>
      <div
        id={`${id}-rows`}
        class="suggestions"
        role="listbox"
        aria-label={t("search.suggestions")}
        hidden={!isOpen}
      >
        {rows.map((row, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the box keeps the focus (combobox pattern)
          // biome-ignore lint/a11y/useKeyWithClickEvents: arrows and Enter act in the box
          <div
            key={row.id}
            id={`${id}-${index}`}
            class="suggestion"
            role="option"
            aria-selected={index === chosen.value}
            // Pressing must not take the focus from the box, or the list would close under the pointer.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => {
              chosen.value = index;
              openChosen();
            }}
          >
            <span class="suggestion-title">{row.l}</span>
            {row.y !== undefined && <span class="soft"> {row.y}</span>}
            {row.s && <span class="soft suggestion-stars">{row.s}</span>}
          </div>
        ))}
      </div>
    </search>
  );
}
