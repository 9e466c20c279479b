import { Empty } from "../parts/empty.tsx";
import { t } from "../state/strings.ts";

/** An address that leads nowhere. */
export function NowhereView() {
  return (
    <>
      <h1 tabIndex={-1}>{t("nowhere.title")}</h1>
      <Empty title={t("nowhere.title")} genre="adventure">
        <p>{t("nowhere")}</p>
        <a class="button" href="/">
          {t("nav.recommendations")}
        </a>
      </Empty>
    </>
  );
}
