import type { Plugin } from "vite";

/** Texts of screens that are loaded when they are first opened, by the beginnings of their keys. */
export const LATER = [
  "about.",
  "account.",
  "field.",
  "form.",
  "from.",
  "kept.",
  "leaving.",
  "link.",
  "lookup.",
  "operator.",
  "problem.",
  "sign.",
];

/**
 * Parts a language's one file in two: `en.json?first` is in the first load, `en.json?later` comes with the screens
 * that need it.
 */
export function texts(): Plugin {
  return {
    name: "texts",
    enforce: "pre",
    transform(code, id) {
      const part = /\.json\?(?:import&)?(first|later)$/.exec(id)?.[1];
      if (!part) return null;
      const isLater = (key: string) => LATER.some((beginning) => key.startsWith(beginning));
      const kept = Object.entries(JSON.parse(code)).filter(([key]) => isLater(key) === (part === "later"));
      return {
        code: `export default ${JSON.stringify(Object.fromEntries(kept))}`,
        moduleType: "js",
        map: null,
      };
    },
  };
}
