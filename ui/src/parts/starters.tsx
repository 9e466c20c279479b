import type { Film } from "../api.ts";
import { answersTo } from "../state/library.ts";
import { openStarters, others, shownStarters, starters, tap } from "../state/starters.ts";
import { t } from "../state/strings.ts";
import { titleWithYear } from "./facts.tsx";
import { Failed } from "./failed.tsx";
import { Icon } from "./icon.tsx";
import { Poster } from "./poster.tsx";

function Starter({ film }: { film: Film }) {
  const isLiked = answersTo(film.id).value.verdict === "liked";
  return (
    <li>
      <button
        type="button"
        class="starter"
        aria-pressed={isLiked}
        aria-label={titleWithYear(film)}
        onClick={() => tap(film, isLiked)}
      >
        <Poster film={film} isLink={false} isFooted />
        <span class="thumb">
          <Icon name="liked" isFilled={isLiked} />
        </span>
      </button>
    </li>
  );
}

/** Well-known films to tap: the first minute of a newcomer. */
export function Starters() {
  const films = shownStarters.value;
  const isLoading = starters.value.status === "loading";
  if (starters.value.status === "failed") {
    return <Failed error={starters.value.error} again={() => void openStarters()} />;
  }
  if (films.length === 0 && !isLoading) return null;
  return (
    <div class="starters" aria-busy={isLoading}>
      <ul class="wall" aria-label={t("start.wall")}>
        {isLoading
          ? Array.from({ length: 12 }, (_, index) => (
              <li key={index}>
                <div class="starter skeleton">
                  <div class="poster" />
                </div>
              </li>
            ))
          : films.map((film) => <Starter key={film.id} film={film} />)}
      </ul>
      <div class="buttons">
        <button type="button" onClick={others}>
          {t("start.others")}
        </button>
        <a class="button" href="/search">
          {t("start.name")}
        </a>
      </div>
    </div>
  );
}
