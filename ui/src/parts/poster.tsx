import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Film } from "../api.ts";
import { latest } from "../state/filling.ts";
import { lacksPoster, posterOf, watchPoster } from "../state/posters.ts";
import { DrawnPoster } from "./drawn-poster.tsx";

const WIDTHS = [160, 320, 480];
const addresses = (hash: string, type: string) =>
  WIDTHS.map((width) => `/posters/${hash}-${width}.${type} ${width}w`).join(", ");
/** The browser knows how wide it comes out; those that do not count take the widest place there is. */
const SIZES = "auto, 240px";

/** A real poster over the drawn one, which stays until it is there, and when it never comes. */
function Picture({ film, hash, isFooted }: { film: Film; hash: string | null; isFooted: boolean }) {
  const state = useSignal<"coming" | "there" | "failed">("coming");
  return (
    <>
      {state.value !== "there" && <DrawnPoster film={film} isFooted={isFooted} />}
      {hash !== null && state.value !== "failed" && (
        <picture class={state.value}>
          <source type="image/avif" srcset={addresses(hash, "avif")} sizes={SIZES} />
          <img
            src={`/posters/${hash}-320.webp`}
            srcset={addresses(hash, "webp")}
            sizes={SIZES}
            alt={film.title}
            width={320}
            height={480}
            loading="lazy"
            decoding="async"
            onLoad={() => {
              state.value = "there";
            }}
            onError={() => {
              state.value = "failed";
            }}
          />
        </picture>
      )}
    </>
  );
}

/** The poster beside a film's words: a real one where a source gave it, else a drawn one. */
export function Poster({
  film: known,
  isLink = true,
  isFooted = false,
}: {
  film: Film;
  isLink?: boolean;
  isFooted?: boolean;
}) {
  const film = latest(known);
  const hash = posterOf(film);
  const isLacking = lacksPoster(film);
  const place = useRef<HTMLElement>(null);
  useEffect(
    () => (isLacking && place.current ? watchPoster(place.current, film.id) : undefined),
    [isLacking, film.id],
  );
  const picture = <Picture key={hash} film={film} hash={hash} isFooted={isFooted} />;
  if (!isLink) {
    return (
      <div ref={place as preact.RefObject<HTMLDivElement>} class="poster" aria-hidden="true">
        {picture}
      </div>
    );
  }
  // For pointers: keyboards and screen readers have the title beside it.
  return (
    <a
      ref={place as preact.RefObject<HTMLAnchorElement>}
      class="poster"
      href={`/film/${film.id}`}
      tabIndex={-1}
      aria-hidden="true"
    >
      {picture}
    </a>
  );
}
