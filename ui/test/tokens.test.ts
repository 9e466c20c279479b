import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { contrast } from "../src/drawing/palettes.ts";

const css = readFileSync(join(import.meta.dirname, "../src/style/tokens.css"), "utf8");
const TEXT = 4.5;
/** What is no text needs less: the focus ring, the sign of a button (WCAG 1.4.11). */
const SIGN = 3;

function token(name: string, theme: "light" | "dark"): string {
  const found = new RegExp(`--${name}:\\s*light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css);
  const colour = found?.[theme === "light" ? 1 : 2];
  if (!colour) throw new Error(`No colour --${name} in tokens.css.`);
  return colour;
}

/** `share` of one colour over another, as color-mix gives it. */
function mixed(over: string, share: number, under: string): string {
  const parts = (colour: string) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  const [top, low] = [parts(over), parts(under)];
  return `#${top
    .map((part, at) =>
      Math.round(part * share + (low[at] ?? 0) * (1 - share))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

const THEMES = ["light", "dark"] as const;
const pairs = THEMES.flatMap((theme) =>
  ["ink", "soft", "amber", "yes", "no", "play"].flatMap((ink) =>
    ["ground", "raised"].map((paper) => [theme, ink, paper] as const),
  ),
);

test.each(pairs)("in %s, %s on %s passes AA", (theme, ink, paper) => {
  expect(contrast(token(ink, theme), token(paper, theme))).toBeGreaterThanOrEqual(TEXT);
});

test.each(THEMES)(
  "in %s, the words of a pressed button pass AA on its tint, and its sign stands out",
  (theme) => {
    for (const tint of ["yes", "no", "amber", "play"]) {
      const paper = mixed(token(tint, theme), 0.16, token("raised", theme));
      expect(contrast(token("ink", theme), paper), tint).toBeGreaterThanOrEqual(TEXT);
      expect(contrast(token(tint, theme), paper), tint).toBeGreaterThanOrEqual(SIGN);
    }
    const paper = mixed(token("ink", theme), 0.05, token("raised", theme));
    expect(contrast(token("soft", theme), paper)).toBeGreaterThanOrEqual(TEXT);
  },
);

test.each(THEMES)("in %s, a notice can be read", (theme) => {
  expect(contrast(token("ground", theme), token("ink", theme))).toBeGreaterThanOrEqual(TEXT);
  expect(contrast(token("ground", theme), token("amber", theme))).toBeGreaterThanOrEqual(TEXT);
});
