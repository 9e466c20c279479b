/** Filled in by the build. */
declare const __VERSION__: string;

/** A part of a language's texts: `plugins/texts.ts`. */
declare module "*.json?first" {
  const texts: typeof import("./strings/en.json");
  export default texts;
}
declare module "*.json?later" {
  const texts: typeof import("./strings/en.json");
  export default texts;
}
