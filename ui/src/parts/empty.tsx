import type { ComponentChildren } from "preact";
import type { Film } from "../api.ts";
import { DrawnPoster } from "./drawn-poster.tsx";

/** A poster for a screen with nothing on it yet. Not a film: it has no facts, only a title. */
function poster(title: string, genre: string): Film {
  return {
    id: 0,
    refs: { mf: genre },
    kind: "movie",
    title,
    original_title: null,
    year: null,
    end_year: null,
    runtime_min: null,
    certificate: null,
    genres: [genre],
    languages: [],
    countries: [],
    directors: [],
    creators: [],
    cast: [],
    score: null,
    popularity: null,
    description: null,
    trailer: null,
    poster: null,
    has_poster: false,
    description_source: null,
    description_url: null,
  };
}

/** A screen without films: one drawn poster, one sentence, and what to do about it. */
export function Empty({
  title,
  genre,
  children,
}: {
  title: string;
  genre: string;
  children: ComponentChildren;
}) {
  return (
    <div class="empty">
      <div class="poster" aria-hidden="true">
        <DrawnPoster film={poster(title, genre)} />
      </div>
      <div class="empty-words">{children}</div>
    </div>
  );
}
