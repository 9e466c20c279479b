import type { Film } from "../api.ts";
import { composed } from "../state/composed.ts";
import { rich, richList, t } from "../state/strings.ts";
import { PersonLink } from "./facts.tsx";

const STARS = 4;

/** The short description and who is in it. Without a description one is composed from the facts, and says so. */
export function Summary({ film }: { film: Film }) {
  const element = (person: Film["cast"][number]) => <PersonLink key={person.id} person={person} />;
  if (film.description) {
    const makers = film.directors.length > 0 ? film.directors : film.creators;
    return (
      <>
        <p class="summary">{film.description}</p>
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
