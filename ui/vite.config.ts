import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { compressed } from "./plugins/compressed.ts";
import { texts } from "./plugins/texts.ts";

/** The page is released with the server and bears its version. */
const version = /__version__ = "([^"]+)"/.exec(
  readFileSync(new URL("../src/moviefinder/__init__.py", import.meta.url), "utf8"),
)?.[1];

export default defineConfig({
  define: { __VERSION__: JSON.stringify(version ?? "") },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [texts(), compressed()],
  build: {
    outDir: "../src/moviefinder/web/static",
    emptyOutDir: true,
    // The current and the previous version of each browser in November 2026, and two years of margin.
    target: ["chrome128", "firefox128", "safari17.5"],
    // The policy forbids data: addresses, so nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: false,
    // The first load in one file: parts of it that later screens share would otherwise be files of their own.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "page", test: /src\/main\.tsx$/ }] } } },
    reportCompressedSize: false,
  },
  server: {
    proxy: Object.fromEntries(
      ["/api", "/suggestion", "/openapi.json"].map((path) => [
        path,
        { target: process.env.MOVIEFINDER_SERVER ?? "http://127.0.0.1:8000" },
      ]),
    ),
  },
  test: {
    environment: "happy-dom",
    environmentOptions: {
      happyDOM: { settings: { disableIframePageLoading: true, handleDisabledFileLoadingAsSuccess: true } },
    },
    include: ["test/**/*.test.{ts,tsx}"],
    reporters: ["default", "./plugins/counted.ts"],
    restoreMocks: true,
  },
});
