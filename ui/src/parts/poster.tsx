import type { Film } from "../api.ts";
import { DrawnPoster } from "./drawn-poster.tsx";

/** The poster beside a film's words: a real one where a source gave it, else a drawn one. The words say what it is. */
export function Poster({
  film,
  isLink = true,
  isFooted = false,
}: {
  film: Film;
  isLink?: boolean;
  isFooted?: boolean;
}) {
  const picture = film.poster ? (
    <img src={film.poster} alt="" width="200" height="300" loading="lazy" decoding="async" />
  ) : (
    <DrawnPoster film={film} isFooted={isFooted} />
  );
  if (!isLink) {
    return (
      <div class="poster" aria-hidden="true">
        {picture}
      </div>
    );
  }
  // For pointers: keyboards and screen readers have the title beside it.
  return (
    <a class="poster" href={`/film/${film.id}`} tabIndex={-1} aria-hidden="true">
      {picture}
    </a>
  );
}
