import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LATER } from "../plugins/texts.ts";

const folder = join(import.meta.dirname, "../src");
/** Imports point down: a file may import from its own layer and those below. */
const LAYERS = [
  ["main"],
  ["views"],
  ["parts"],
  ["state"],
  ["drawing"],
  ["api", "api-account"],
  ["api-types", "strings", "style"],
];
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
  /\.tsx?$/.test(name),
);

const layerOf = (path: string): number => {
  const first = path.split("/")[0]?.replace(/\.\w+$/, "") ?? "";
  return LAYERS.findIndex((names) => names.includes(first));
};

test("every folder is in a layer", () => {
  const stray = files.filter((name) => !name.endsWith(".d.ts") && layerOf(name) < 0);
  expect(stray).toEqual([]);
});

test("imports point down", () => {
  const upward: string[] = [];
  for (const name of files) {
    const code = readFileSync(join(folder, name), "utf8");
    for (const [, target] of code.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
      const path = join(name, "..", target as string);
      if (layerOf(path) < layerOf(name)) upward.push(`${name} imports ${path}`);
    }
  }
  expect(upward).toEqual([]);
});

test("only api.ts crosses the network", () => {
  const callers = files.filter((name) =>
    /\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon/.test(readFileSync(join(folder, name), "utf8")),
  );
  expect(callers).toEqual(["api.ts"]);
});

test("what is in the first load needs no text that comes later", () => {
  const first = new Set<string>();
  const walk = (name: string): void => {
    if (first.has(name)) return;
    first.add(name);
    const code = readFileSync(join(folder, name), "utf8");
    for (const [, target] of code.matchAll(/from\s+"(\.[^"]+\.tsx?)"/g))
      walk(join(name, "..", target as string));
  };
  walk("main.tsx");
  expect(first).toContain("views/search.tsx");
  expect(first).not.toContain("views/leaving.tsx");
  const early = [...first].filter((name) => {
    const code = readFileSync(join(folder, name), "utf8");
    return LATER.some((beginning) => code.includes(`t("${beginning}`) || code.includes(`t(\`${beginning}`));
  });
  expect(early).toEqual([]);
});

test("no markup is made from text, and nothing asks for inline code", () => {
  const guilty = files.filter((name) =>
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/.test(
      readFileSync(join(folder, name), "utf8"),
    ),
  );
  expect(guilty).toEqual([]);
  const page = readFileSync(join(folder, "../index.html"), "utf8");
  expect(page).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]*src=)/);
});
