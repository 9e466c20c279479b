import type { Film } from "../api.ts";
import { composed } from "../state/composed.ts";
import { fillingOf } from "../state/filling.ts";
import { rich, richList, t } from "../state/strings.ts";
import { PersonLink, sourceName } from "./facts.tsx";

const STARS = 4;

/** A description that is somebody else's names them, and the page that it is from. */
function Quoted({ film }: { film: Film }) {
  const { description_source: source, description_url: url } = film;
  if (source === null) return null;
  const words = source === "wikipedia" ? "Wikipedia, CC BY-SA 4.0" : sourceName(source);
  return url?.startsWith("https://") ? (
    <a class="quoted" href={url} target="_blank" rel="noopener noreferrer">
      {words}
    </a>
  ) : (
    <span class="quoted">{words}</span>
  );
}

/** The short description and who is in it. Without a description one is composed from the facts, and says so. */
export function Summary({ film }: { film: Film }) {
  const element = (person: Film["cast"][number]) => <PersonLink key={person.id} person={person} />;
  const filling = fillingOf(film);
  if (filling)
    return <p class="summary filling">{t(filling === "fetching" ? "filling" : "filling.waiting")}</p>;
  if (film.description) {
    const makers = film.directors.length > 0 ? film.directors : film.creators;
    return (
      <>
        <p class="summary">
          {film.description} <Quoted film={film} />
        </p>
        {makers.length + film.cast.length > 0 && (
          <p class="credits dotted">
            {makers.length > 0 && (
              <span>{rich("credits.by", { names: richList(makers.slice(0, 2).map(element)) })}</span>
            )}
            {film.cast.length > 0 && (
              <span>{rich("credits.with", { names: richList(film.cast.slice(0, STARS).map(element)) })}</span>
            )}
          </p>
        )}
      </>
    );
  }
  const { sentence, others } = composed(film, element);
  return (
    <>
      <p class="summary composed">
        {sentence}. <span class="from-facts">{t("composed.mark")}</span>
      </p>
      {others.length > 0 && (
        <p class="credits">
          {rich("credits.also", { names: richList(others.slice(0, STARS).map(element)) })}
        </p>
      )}
    </>
  );
}
