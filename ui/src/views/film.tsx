import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import type { Answers, Film } from "../api.ts";
import { ApiError } from "../api.ts";
import { actOnKey } from "../parts/card-keys.ts";
import { CardMenu } from "../parts/card-menu.tsx";
import { DecisionButtons } from "../parts/decision-buttons.tsx";
import { Empty } from "../parts/empty.tsx";
import { FactLine, GenreLine } from "../parts/facts.tsx";
import { Failed } from "../parts/failed.tsx";
import { FilmCard } from "../parts/film-card.tsx";
import { Icon } from "../parts/icon.tsx";
import { later } from "../parts/later.tsx";
import { Poster } from "../parts/poster.tsx";
import { Reasons } from "../parts/reasons.tsx";
import { Skeletons } from "../parts/skeleton.tsx";
import { Summary } from "../parts/summary.tsx";
import { Trailer } from "../parts/trailer.tsx";
import { back } from "../state/address.ts";
import { isBare, latest } from "../state/filling.ts";
import { openFilm, shown } from "../state/film.ts";
import { answersTo, isoDay, say } from "../state/library.ts";
import { pickOf } from "../state/recommendations.ts";
import { t } from "../state/strings.ts";

const FilmExtras = later(async () => (await import("../parts/film-extras.tsx")).FilmExtras);

const RATINGS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

function OwnAnswers({ film, answers }: { film: Film; answers: Answers }) {
  const id = useId();
  return (
    <div class="own">
      <div class="field">
        <label for={`${id}-rating`}>{t("film.rating")}</label>
        <select
          id={`${id}-rating`}
          value={answers.rating === null ? "" : String(answers.rating)}
          onChange={(event) => {
            const value = event.currentTarget.value;
            void say(film, { rating: value === "" ? null : Number(value) });
          }}
        >
          <option value="">{t("film.rating.none")}</option>
          {RATINGS.map((rating) => (
            <option key={rating} value={rating}>
              {t("film.rating.of", { rating })}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label for={`${id}-seen`}>{t("film.seen_on")}</label>
        <input
          id={`${id}-seen`}
          type="date"
          max={isoDay(new Date())}
          value={answers.seen_on ?? ""}
          onChange={(event) => {
            const day = event.currentTarget.value;
            void say(film, day ? { seen: true, seen_on: day } : { seen_on: null });
          }}
        />
      </div>
    </div>
  );
}

/** One film: everything known, your answers, and more like it. */
export function FilmView({ id }: { id: number }) {
  const { status, value, error } = shown.value;
  const isWhyOpen = useSignal(true);
  useEffect(() => {
    FilmExtras.begin();
    void openFilm(id);
  }, [id]);
  // All of it at once: nothing moves under the reader's eyes.
  const isThere = value?.film.id === id && FilmExtras.isSettled.value;
  useEffect(() => {
    // The heading comes after the address: it takes the focus that the screen has kept for it.
    if (isThere && document.activeElement?.id === "content") document.getElementById("film-title")?.focus();
  }, [isThere]);
  const answers = answersTo(id).value;
  if (status === "failed") {
    if (error instanceof ApiError && error.status === 404)
      return (
        <>
          <h1 tabIndex={-1}>{t("film.unknown.title")}</h1>
          <Empty title={t("film.unknown.title")} genre="mystery">
            <p>{t("film.unknown")}</p>
            <a class="button" href="/search">
              {t("start.name")}
            </a>
          </Empty>
        </>
      );
    return <Failed error={error} again={() => void openFilm(id)} />;
  }
  if (!value || !isThere)
    return (
      <>
        <h1 class="unseen">{t("loading")}</h1>
        <Skeletons sizes={["hero"]} />
      </>
    );
  const { similar } = value;
  const film = latest(value.film);
  const pick = pickOf(film.id);
  return (
    <>
      <p class="back">
        <button type="button" class="plain" onClick={back}>
          <Icon name="undo" /> {t("back")}
        </button>
      </p>
      <article
        class="film"
        data-card={film.id}
        tabIndex={-1}
        aria-labelledby="film-title"
        onKeyDown={(event) => void actOnKey(event, film, answers, isWhyOpen)}
      >
        <Poster film={film} isLink={false} />
        <div class="words">
          <div class="head">
            <h1 id="film-title" class="title" tabIndex={-1}>
              {film.title}
            </h1>
            <CardMenu film={film} answers={answers} />
          </div>
          <div class={isBare(value.film) ? "words was-bare" : "words"}>
            <FactLine film={film} />
            <Summary film={film} />
            <GenreLine film={film} />
          </div>
          {pick && <Reasons pick={pick} isOpen={isWhyOpen} />}
          <DecisionButtons film={film} answers={answers} />
          <Trailer film={film} />
          <OwnAnswers film={film} answers={answers} />
          <FilmExtras film={film} />
        </div>
      </article>
      {similar && similar.length > 0 && (
        <section aria-labelledby="similar">
          <h2 id="similar">{t("film.similar")}</h2>
          <div class="cards" data-cards>
            {similar.map((one) => (
              <FilmCard key={one.film.id} film={one.film} />
            ))}
          </div>
        </section>
      )}
    </>
  );
}
