import { expect, test } from "vitest";
import { go } from "../src/state/address.ts";
import {
  active,
  addressOf,
  type Filters,
  format,
  holdsTheSame,
  parse,
  query,
  setDial,
  toggled,
  without,
} from "../src/state/filters.ts";

const read = (query: string): Filters => parse(new URLSearchParams(query));

test("reading an address and writing it gives the same address", () => {
  const query =
    "kind=movie&genre=crime&genre=drama&genre_out=horror&language=en&country=US&person=12&certificate=PG-13" +
    "&year_min=1990&year_max=1999&runtime_max=120&score_min=7.5&votes_min=1000";
  expect(format(read(query)).toString()).toBe(query);
});

test("the same filters in another order are the same address", () => {
  expect(addressOf(read("genre=drama&kind=series&genre=crime"))).toBe(
    addressOf(read("genre=crime&genre=drama&kind=series")),
  );
});

test("no filters are the plain address", () => {
  expect(addressOf(read(""))).toBe("/");
});

test.each([
  ["kind=film", "a kind that does not exist"],
  ["year_min=soon", "a year that is no number"],
  ["year_min=19.5", "half a year"],
  ["score_min=11", "a score above ten"],
  ["votes_min=-1", "a negative number of votes"],
  ["person=abc", "a person without a number"],
  ["genre=", "an empty genre"],
  ["color=red", "a filter that does not exist"],
])("%s is left out: %s", (query) => {
  expect(active(read(query))).toEqual([]);
});

test("a value that is given twice counts once", () => {
  expect(read("genre=drama&genre=drama").genre).toEqual(["drama"]);
});

test("wanting a genre that was left out wants it", () => {
  const filters = toggled(read("genre_out=horror&genre_out=war"), "genre", "horror");
  expect(filters.genre).toEqual(["horror"]);
  expect(filters.genre_out).toEqual(["war"]);
});

test("toggling twice changes nothing", () => {
  const filters = read("genre=drama");
  expect(toggled(toggled(filters, "genre", "crime"), "genre", "crime")).toEqual(filters);
});

test("the dials stand in the address, between their ends, and are no filters", () => {
  expect(addressOf(read("known=0.25&spread=1"))).toBe("/?known=0.25&spread=1");
  expect(active(read("known=0.25"))).toEqual([]);
  expect(read("known=1.5&spread=far").known).toBeNull();
  expect(read("known=1.5&spread=far").spread).toBeNull();
});

test("lists that differ in their dials alone hold the same films", () => {
  expect(holdsTheSame("genre=drama&known=0.2", "genre=drama&spread=0.9")).toBe(true);
  expect(holdsTheSame("genre=drama", "genre=comedy")).toBe(false);
});

test("a dial is remembered for the next visit, and the address goes before", () => {
  setDial("known", 0.3);
  expect(location.search).toBe("?known=0.3");
  go("/", { replace: true });
  expect(query.value).toBe("known=0.3");
  go("/?known=0.8", { replace: true });
  expect(query.value).toBe("known=0.8");
  setDial("known", null);
  expect(query.value).toBe("");
  expect(location.search).toBe("");
});

test("a chip takes off its own value, a relaxed filter all of them", () => {
  expect(without(read("genre=drama&genre=crime"), "genre", "drama").genre).toEqual(["crime"]);
  expect(without(read("genre=drama&genre=crime"), "genre").genre).toEqual([]);
  expect(without(read("year_min=1990"), "year_min", "1990").year_min).toBeNull();
});
