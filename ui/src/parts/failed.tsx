import { refusalText } from "../state/library.ts";
import { t } from "../state/strings.ts";
import { Empty } from "./empty.tsx";

/** What went wrong, and what to do. */
export function Failed({ error, again }: { error: unknown; again: () => void }) {
  return (
    <div role="alert">
      <Empty title={t("failed.poster")} genre="mystery">
        <p>{refusalText(error)}</p>
        <button type="button" class="strong" onClick={again}>
          {t("again")}
        </button>
      </Empty>
    </div>
  );
}
