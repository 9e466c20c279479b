import { search } from "../state/address.ts";
import { hasText, t } from "../state/strings.ts";

/** What went wrong at a provider, or on the way back from one: the address has a word for it. */
export function Problem({ instead = {} }: { instead?: Readonly<Record<string, string>> }) {
  const told = search.value.get("problem");
  if (!told) return null;
  const key = `problem.${instead[told] ?? told}`;
  return (
    <p class="fault" role="alert">
      {hasText(key) ? t(key) : t("problem.unknown")}
    </p>
  );
}
