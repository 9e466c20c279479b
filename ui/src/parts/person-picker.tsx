import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { Person } from "../api.ts";
import { findPeople, meet } from "../state/facets.ts";
import { filters, setFilters, toggled } from "../state/filters.ts";
import { Loader } from "../state/loading.ts";
import { t } from "../state/strings.ts";

/** Chooses a director or an actor by name. */
export function PersonPicker() {
  const id = useId();
  const loader = useSignal(new Loader<readonly Person[]>());
  const text = useSignal("");
  const people = text.value.trim() ? (loader.value.state.value.value ?? []) : [];
  const choose = (person: Person) => {
    meet(person);
    text.value = "";
    if (!filters.peek().person.includes(String(person.id)))
      setFilters(toggled(filters.peek(), "person", String(person.id)));
  };
  return (
    <div class="field">
      <label for={id}>{t("filter.person")}</label>
      <input
        id={id}
        type="search"
        autocomplete="off"
        value={text.value}
        placeholder={t("filter.person.hint")}
        onInput={(event) => {
          const q = event.currentTarget.value;
          text.value = q;
          if (q.trim().length > 1) void loader.value.load((signal) => findPeople(q, signal));
        }}
      />
      <ul class="picks" aria-label={t("filter.person.found")}>
        {people.map((person) => (
          <li key={person.id}>
            <button type="button" class="chip" onClick={() => choose(person)}>
              {person.name}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
