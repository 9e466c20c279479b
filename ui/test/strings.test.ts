import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { chosenLanguage, LANGUAGES } from "../src/state/preferences.ts";
import { bestLanguage, rich, t, useLanguage } from "../src/state/strings.ts";

type Text = string | Record<string, string>;
const folder = join(import.meta.dirname, "../src");
const read = (name: string): Record<string, Text> =>
  JSON.parse(readFileSync(join(folder, "strings", `${name}.json`), "utf8"));
const english = read("en");
const forms = (text: Text): string[] => (typeof text === "string" ? [text] : Object.values(text));
const places = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

function sources(): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
}

afterEach(async () => {
  chosenLanguage.value = "system";
  await useLanguage();
});

test("each language has a file, and each file a language", () => {
  const files = readdirSync(join(folder, "strings")).map((name) => name.replace(".json", ""));
  expect(files.sort()).toEqual([...LANGUAGES].sort());
});

test.each(LANGUAGES)("%s has every text, with every place filled", (name) => {
  const texts = read(name);
  expect(Object.keys(texts)).toEqual(Object.keys(english));
  for (const [key, text] of Object.entries(texts)) {
    const wanted = places(forms(english[key] as Text).at(-1) ?? "");
    expect(places(forms(text).at(-1) ?? ""), key).toEqual(wanted);
    for (const form of forms(text)) expect(form, key).not.toBe("");
  }
});

test.each(LANGUAGES)("%s has the plural forms that its language tells apart", (name) => {
  const needed = new Intl.PluralRules(name).resolvedOptions().pluralCategories;
  for (const [key, text] of Object.entries(read(name))) {
    if (typeof text !== "string") expect(Object.keys(text).sort(), key).toEqual([...needed].sort());
  }
});

test("keys are sorted, so that two people adding texts do not collide", () => {
  expect(Object.keys(english)).toEqual(Object.keys(english).sort());
});

test("every text is used somewhere", () => {
  const code = sources();
  // Keys that are put together: `verdict.${verdict}`, "said." + what was said.
  const families = [...code.matchAll(/`((?:[\w-]+\.)+)\$\{/g)].map((match) => match[1] as string);
  const unused = Object.keys(english).filter(
    (key) => !code.includes(`"${key}"`) && !families.some((family) => key.startsWith(family)),
  );
  expect(unused).toEqual([]);
});

test("numbers, plurals and places are filled in the reader's language", async () => {
  expect(t("count", { count: 1 })).toBe("1 film for you");
  expect(t("count", { count: 1234 })).toBe("1,234 films for you");
  chosenLanguage.value = "de";
  await useLanguage();
  expect(t("count", { count: 1234 })).toBe("1.234 Filme für dich");
  expect(document.documentElement.lang).toBe("de");
});

test("places can hold elements", () => {
  const [before, film, after] = rich("because", { films: "Heat", count: 1 });
  expect([before, film, after]).toEqual(["Because you liked ", "Heat", "."]);
});

test("the browser's first language that we have is taken, else English", () => {
  expect(bestLanguage(["fr-FR", "de-AT", "en"])).toBe("de");
  expect(bestLanguage(["ja"])).toBe("en");
});
