import { useMemo } from "preact/hooks";
import type { Film } from "../api.ts";
import { HEIGHT, WIDTH } from "../drawing/compositions.ts";
import { draw } from "../drawing/poster.ts";

/** Height of a poster in the units of its drawing: 2:3. */
const TALL = 180;

/** A poster of our own: a picture built as elements, and the title over it as ordinary text. */
export function DrawnPoster({ film, isFooted = false }: { film: Film; isFooted?: boolean }) {
  const { palette, shapes, share, title, ...drawing } = useMemo(() => draw(film), [film]);
  // Where something else stands in the upper corner the words go to the foot.
  const words = isFooted ? "foot" : drawing.words;
  const picture = TALL * (1 - share);
  const maker = film.directors[0] ?? film.creators[0];
  const grain = `grain-${film.id}`;
  return (
    <div
      class={`drawn ${words === "top" ? "drawn-top" : ""}`}
      style={{
        "--paper": palette.ground,
        "--print": palette.text,
        "--size": `${title.size}cqw`,
        "--share": `${share * 100}%`,
        "--zoom": 1 / (1 - share),
      }}
    >
      <svg viewBox={`0 0 ${WIDTH} ${TALL}`} preserveAspectRatio="xMidYMid slice" aria-hidden="true">
        <svg
          class="picture"
          aria-hidden="true"
          y={words === "top" ? TALL - picture : 0}
          width={WIDTH}
          height={picture}
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="xMidYMid slice"
        >
          {shapes.map(([Tag, attributes], index) => (
            <Tag key={index} {...attributes} />
          ))}
          {palette.isGrainy && (
            <>
              <pattern
                id={grain}
                width="4"
                height="4"
                patternUnits="userSpaceOnUse"
                patternTransform="rotate(30)"
              >
                <circle cx="2" cy="2" r="0.9" fill={palette.ground} />
              </pattern>
              <rect width={WIDTH} height={HEIGHT} fill={`url(#${grain})`} opacity="0.5" />
            </>
          )}
        </svg>
      </svg>
      <div class="drawn-words">
        <span class="drawn-title">{film.title}</span>
        <span class="drawn-line">
          {film.year !== null && <span>{film.year}</span>}
          {maker && <span>{maker.name}</span>}
        </span>
      </div>
    </div>
  );
}
