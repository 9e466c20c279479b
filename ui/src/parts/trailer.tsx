import { useEffect } from "preact/hooks";
import type { Film } from "../api.ts";
import { trailerConsent } from "../state/preferences.ts";
import { isOffline, openSources, sources } from "../state/sources.ts";
import { t } from "../state/strings.ts";
import { playing, trailerKey } from "../state/trailer.ts";
import { titleWithYear } from "./facts.tsx";
import { Icon } from "./icon.tsx";

/** A trailer in place. It comes from YouTube, which the first one says before anything is loaded. */
export function Trailer({ film }: { film: Film }) {
  const key = trailerKey(film.trailer);
  const isPlaying = key !== null && playing.value === film.id;
  useEffect(() => {
    if (isPlaying) void openSources();
  }, [isPlaying]);
  if (!isPlaying) return null;
  const close = () => {
    playing.value = null;
  };
  const link = (
    <a href={`https://www.youtube.com/watch?v=${key}`} target="_blank" rel="noopener">
      {t("trailer.link")} <Icon name="out" />
    </a>
  );
  if (isOffline.value) {
    return (
      <div class="trailer trailer-ask">
        <p>{t("trailer.offline")}</p>
        <div class="buttons">
          <button type="button" onClick={close}>
            {t("close")}
          </button>
        </div>
      </div>
    );
  }
  if (trailerConsent.value === "ask") {
    return (
      <div class="trailer trailer-ask">
        <p>{t("trailer.notice")}</p>
        <div class="buttons">
          <button
            type="button"
            class="strong"
            onClick={() => {
              trailerConsent.value = "yes";
            }}
          >
            {t("trailer.play")}
          </button>
          <button type="button" onClick={close}>
            {t("trailer.not_now")}
          </button>
          {link}
        </div>
      </div>
    );
  }
  // An install that calls nobody would stop the player: nothing is loaded before that is known.
  const { status } = sources.value;
  return (
    <div class="trailer">
      {(status === "ready" || status === "failed") && (
        <iframe
          src={`https://www.youtube-nocookie.com/embed/${key}?autoplay=1&rel=0`}
          title={t("trailer.title", { title: titleWithYear(film) })}
          sandbox="allow-scripts allow-same-origin allow-presentation allow-popups"
          allow="autoplay; encrypted-media; fullscreen; picture-in-picture"
          referrerpolicy="strict-origin-when-cross-origin"
        />
      )}
      <div class="buttons">
        {link}
        <button type="button" onClick={close}>
          {t("trailer.close")}
        </button>
      </div>
    </div>
  );
}
