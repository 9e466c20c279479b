import type { Film } from "../api.ts";
import { DrawnPoster } from "./drawn-poster.tsx";

/** The poster beside a film's words: a real one where a source gave it, else a drawn one. The words say what it is. */
export function Poster({ film, isLink = true }: { film: Film; isLink?: boolean }) {
  const picture = film.poster ? (
    <img src={film.poster} alt="" width="200" height="300" loading="lazy" decoding="async" />
  ) : (
    <DrawnPoster film={film} />
  );
  // The title beside it is the link that keyboards and screen readers meet.
  return isLink ? (
    <a class="poster" href={`/film/${film.id}`} tabIndex={-1} aria-hidden="true">
      {picture}
    </a>
  ) : (
    <div class="poster" aria-hidden="true">
      {picture}
    </div>
  );
}
