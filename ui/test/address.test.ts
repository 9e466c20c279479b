import { expect, test } from "vitest";
import { suggestionPath } from "../src/api.ts";
import { routeOf } from "../src/state/address.ts";
import { askedBy, libraryAddress } from "../src/state/shelf.ts";

test.each([
  ["/", { name: "recommendations" }],
  ["/search", { name: "search" }],
  ["/library", { name: "library" }],
  ["/film/603", { name: "film", id: 603 }],
  ["/about", { name: "about" }],
  ["/film/", { name: "nowhere" }],
  ["/film/abc", { name: "nowhere" }],
  ["/api/v1/films", { name: "nowhere" }],
])("%s leads to %o", (path, route) => {
  expect(routeOf(path)).toEqual(route);
});

test("a shelf has an address, and the address a shelf", () => {
  for (const asked of [
    { show: "liked", q: "", sort: "recent" },
    { show: "saved", q: "star wars", sort: "year" },
    { show: "history", q: "", sort: "recent" },
  ] as const) {
    const [, query = ""] = libraryAddress(asked).split("?");
    expect(askedBy(new URLSearchParams(query))).toEqual(asked);
  }
});

test("suggestion files are named as IMDb names them", () => {
  expect(suggestionPath("The  Matrix ")).toBe("/suggestion/x/the_matrix.json");
  expect(suggestionPath("../etc")).toBe("/suggestion/x/..%2Fetc.json");
});
