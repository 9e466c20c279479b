import type { ComponentChildren } from "preact";
import { useEffect, useId } from "preact/hooks";
import type { Kind } from "../api.ts";
import { certificates, countries, fetchFacets, genres, languages } from "../state/facets.ts";
import {
  type Filters,
  filters,
  type ListName,
  type NumberName,
  setFilters,
  toggled,
} from "../state/filters.ts";
import { countryName, genreName, languageName, number, t } from "../state/strings.ts";
import { filterWords } from "./chips.tsx";
import { PersonPicker } from "./person-picker.tsx";

const KINDS: readonly (Kind | null)[] = [null, "movie", "series"];
const SCORES = ["6", "6.5", "7", "7.5", "8"];
const VOTES = ["100", "1000", "10000", "50000"];
const LONGEST = ["90", "105", "120", "150", "180"];
const FIRST_DECADE = 1920;

const set = (change: Partial<Filters>) => setFilters({ ...filters.peek(), ...change });
const toNumber = (text: string): number | null => (text === "" ? null : Number(text));

function Group({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <fieldset class="field">
      <legend>{label}</legend>
      <div class="picks">{children}</div>
    </fieldset>
  );
}

function Toggles({
  name,
  values,
  words,
}: {
  name: ListName;
  values: readonly string[];
  words: (value: string) => string;
}) {
  return values.map((value) => (
    <button
      key={value}
      type="button"
      class="chip"
      aria-pressed={filters.value[name].includes(value)}
      onClick={() => setFilters(toggled(filters.peek(), name, value))}
    >
      {words(value)}
    </button>
  ));
}

function Least({ name, choices }: { name: NumberName; choices: readonly string[] }) {
  const id = useId();
  const value = filters.value[name];
  // A value from a bookmark that is not among ours is offered too.
  const all = value === null || choices.includes(String(value)) ? choices : [String(value), ...choices];
  return (
    <div class="field">
      <label for={id}>{t(`filter.${name}`)}</label>
      <select
        id={id}
        value={value === null ? "" : String(value)}
        onChange={(event) => set({ [name]: toNumber(event.currentTarget.value) })}
      >
        <option value="">{t("filters.any")}</option>
        {all.map((choice) => (
          <option key={choice} value={choice}>
            {filterWords({ name, value: choice })}
          </option>
        ))}
      </select>
    </div>
  );
}

function Adding({
  name,
  choices,
  words,
}: {
  name: ListName;
  choices: readonly { value: string; films: number }[];
  words: (value: string) => string;
}) {
  const id = useId();
  const left = choices.filter(({ value }) => !filters.value[name].includes(value));
  return (
    <div class="field">
      <label for={id}>{t(`filter.${name}`)}</label>
      <select
        id={id}
        value=""
        onChange={(event) => {
          if (event.currentTarget.value) setFilters(toggled(filters.peek(), name, event.currentTarget.value));
        }}
      >
        <option value="">{filters.value[name].length > 0 ? t("filters.add") : t("filters.any")}</option>
        {left.map(({ value, films }) => (
          <option key={value} value={value}>
            {words(value)} ({number(films)})
          </option>
        ))}
      </select>
    </div>
  );
}

function Years() {
  const id = useId();
  const { year_min, year_max } = filters.value;
  const lastDecade = Math.floor(new Date().getFullYear() / 10) * 10;
  const decades: number[] = [];
  for (let decade = lastDecade; decade >= FIRST_DECADE; decade -= 10) decades.push(decade);
  const isDecade = year_min !== null && year_min % 10 === 0 && year_max === year_min + 9;
  const box = (name: "year_min" | "year_max") => (
    <input
      type="number"
      inputMode="numeric"
      min={1870}
      max={2100}
      aria-label={t(`filter.${name}`)}
      placeholder={t(`filter.${name}.hint`)}
      value={filters.value[name] ?? ""}
      onChange={(event) => set({ [name]: toNumber(event.currentTarget.value) })}
    />
  );
  return (
    <div class="field">
      <label for={id}>{t("filter.years")}</label>
      <div class="years">
        <select
          id={id}
          value={isDecade ? String(year_min) : ""}
          onChange={(event) => {
            const first = toNumber(event.currentTarget.value);
            set({ year_min: first, year_max: first === null ? null : first + 9 });
          }}
        >
          <option value="">
            {year_min === null && year_max === null ? t("filters.any") : t("filter.decade")}
          </option>
          {decades.map((decade) => (
            <option key={decade} value={decade}>
              {t("filter.decade.of", { decade: String(decade) })}
            </option>
          ))}
        </select>
        {box("year_min")}
        {box("year_max")}
      </div>
    </div>
  );
}

/** The filters of For you. Each choice acts at once and stands in the address. */
export function FilterPanel({ id }: { id: string }) {
  useEffect(() => void fetchFacets(), []);
  const slugs = genres.value.map((genre) => genre.slug);
  const sorted = (codes: readonly { code: string; films: number }[], words: (code: string) => string) =>
    [...codes]
      .sort((a, b) => words(a.code).localeCompare(words(b.code)))
      .map(({ code, films }) => ({ value: code, films }));
  return (
    <section id={id} class="filters" aria-label={t("filters")}>
      <Group label={t("filter.kind")}>
        {KINDS.map((kind) => (
          <button
            key={kind}
            type="button"
            class="chip"
            aria-pressed={filters.value.kind === kind}
            onClick={() => set({ kind })}
          >
            {t(kind === null ? "kind.any" : `kind.${kind}`)}
          </button>
        ))}
      </Group>
      <Group label={t("filter.genre")}>
        <Toggles name="genre" values={slugs} words={genreName} />
      </Group>
      <details class="field" open={filters.value.genre_out.length > 0}>
        <summary>{t("filter.genre_out")}</summary>
        <div class="picks">
          <Toggles name="genre_out" values={slugs} words={genreName} />
        </div>
      </details>
      <div class="filter-grid">
        <Years />
        <Least name="runtime_max" choices={LONGEST} />
        <Least name="score_min" choices={SCORES} />
        <Least name="votes_min" choices={VOTES} />
        <Adding name="language" choices={sorted(languages.value, languageName)} words={languageName} />
        <Adding name="country" choices={sorted(countries.value, countryName)} words={countryName} />
        <PersonPicker />
      </div>
      <Group label={t("filter.certificate")}>
        <Toggles name="certificate" values={certificates.value} words={(value) => value} />
      </Group>
    </section>
  );
}
