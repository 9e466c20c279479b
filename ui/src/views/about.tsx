import { useEffect } from "preact/hooks";
import { chosenLanguage, LANGUAGES, posters, trailerConsent } from "../state/preferences.ts";
import { askWhoIAm, user } from "../state/session.ts";
import { dateTime, languageName, rich, t } from "../state/strings.ts";

const Outside = ({ href, children }: { href: string; children: string }) => (
  <a href={href} target="_blank" rel="noopener noreferrer">
    {children}
  </a>
);

/** About: what this is, where its facts come from and on what terms, and what this browser remembers. */
export function AboutView() {
  useEffect(() => {
    askWhoIAm().catch(() => {}); // the page is worth reading without it
  }, []);
  return (
    <div class="prose">
      <h1 tabIndex={-1}>{t("about.title")}</h1>
      <p class="lead">{t("about.lead")}</p>

      <h2>{t("about.you")}</h2>
      <p>
        {user.value
          ? t(user.value.guest ? "about.guest" : "about.account", { since: dateTime(user.value.created_at) })
          : t("about.nobody")}{" "}
        <a href="/kept">{t("nav.kept")}</a>
      </p>
      <p class="field">
        <label for="language">{t("about.language")}</label>
        <select
          id="language"
          value={chosenLanguage.value}
          onChange={(event) => {
            chosenLanguage.value = event.currentTarget.value as typeof chosenLanguage.value;
          }}
        >
          <option value="system">{t("about.language.system")}</option>
          {LANGUAGES.map((one) => (
            <option key={one} value={one} lang={one}>
              {languageName(one)}
            </option>
          ))}
        </select>
      </p>
      <label class="check">
        <input
          type="checkbox"
          checked={trailerConsent.value === "yes"}
          onChange={(event) => {
            trailerConsent.value = event.currentTarget.checked ? "yes" : "ask";
          }}
        />
        {t("about.trailers")}
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={posters.value === "drawn"}
          onChange={(event) => {
            posters.value = event.currentTarget.checked ? "drawn" : "real";
          }}
        />
        {t("about.posters")}
      </label>

      <h2>{t("about.sources")}</h2>
      <dl class="terms">
        <dt>
          <Outside href="https://grouplens.org/datasets/movielens/">MovieLens</Outside>
        </dt>
        <dd>{t("about.movielens")}</dd>
        <dt>
          <Outside href="https://www.themoviedb.org/">TMDB</Outside>
        </dt>
        <dd>{t("about.tmdb")}</dd>
        <dt>
          <Outside href="https://www.wikipedia.org/">Wikipedia</Outside>
        </dt>
        <dd>{t("about.wikipedia")}</dd>
        <dt>{t("about.trailer_list.name")}</dt>
        <dd>
          {rich("about.trailer_list", {
            licence: <Outside href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</Outside>,
          })}
        </dd>
        <dt>
          <Outside href="https://www.wikidata.org/">Wikidata</Outside>
        </dt>
        <dd>{t("about.wikidata")}</dd>
        <dt>IMDb</dt>
        <dd>{t("about.imdb")}</dd>
        <dt>Young Serif</dt>
        <dd>{t("about.font")}</dd>
      </dl>

      <h2>{t("about.private")}</h2>
      <p>
        {t("about.private.text")} <a href="/leaving">{t("about.private.more")}</a>
      </p>
      <p class="soft">
        {t("about.version", { version: __VERSION__ })} · <a href="/openapi.json">{t("about.api")}</a>
      </p>
    </div>
  );
}
