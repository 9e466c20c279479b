import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { eraseRecord, openRecord, record } from "../state/record.ts";
import { t } from "../state/strings.ts";

/** Below so many of the best-known films a comparison would be chance. */
const COMPARABLE = 5;

function Erase() {
  const isAsking = useSignal(false);
  const erase = async () => {
    if (await eraseRecord()) document.querySelector<HTMLElement>("h1")?.focus();
  };
  return (
    <>
      {isAsking.value && (
        <>
          {t("record.sure")}{" "}
          <button type="button" class="plain" onClick={() => void erase()}>
            {t("record.erase.yes")}
          </button>{" "}
        </>
      )}
      <button
        type="button"
        class="plain"
        aria-expanded={isAsking.value}
        onClick={() => {
          isAsking.value = !isAsking.value;
        }}
      >
        {isAsking.value ? t("record.erase.no") : t("record.erase")}
      </button>
    </>
  );
}

/** How well the picks did with this reader, beside what a list of well-known films would have. */
export function Record() {
  useEffect(() => {
    void openRecord();
  }, []);
  const { value } = record.value;
  if (!value || value.shown === 0) return null;
  const { tried, liked, popular } = value;
  return (
    <section class="record" aria-label={t("record")}>
      <p>
        {value.enough ? (
          <>
            <strong>{t("record.here", { count: tried, liked })}</strong>{" "}
            {popular.tried >= COMPARABLE
              ? t("record.popular", { count: popular.tried, liked: popular.liked })
              : t("record.popular.few")}
          </>
        ) : (
          t("record.few", { count: tried })
        )}{" "}
        <Erase />
      </p>
    </section>
  );
}
