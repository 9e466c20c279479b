import { expect, test } from "vitest";
import { counts, learnCounts, say } from "../src/state/library.ts";
import { find, kept, makeFilm, network, settled } from "./answering.ts";

test("counts that were asked for before something was said are asked for again", async () => {
  const asked = network();
  const learning = learnCounts();
  await settled();
  const film = makeFilm();
  void say(film, { verdict: "liked" });
  await find(asked, "GET", "/library").answer({
    items: [],
    next: null,
    counts: { ...counts.peek(), liked: 0 },
  });
  await find(asked, "PATCH", `/library/${film.id}`).answer(kept(film, { verdict: "liked" }));
  await settled();
  await asked.at(-1)?.answer({ items: [], next: null, counts: { ...counts.peek(), liked: 1 } });
  await learning;
  expect(counts.value.liked).toBe(1);
});
