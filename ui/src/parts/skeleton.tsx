import { t } from "../state/strings.ts";
import type { CardSize } from "./film-card.tsx";

function SkeletonCard({ size }: { size: CardSize }) {
  return (
    <div class={`card skeleton ${size}`}>
      <div class="poster" />
      <div class="words">
        <div class="bar bar-title" />
        <div class="bar" />
        <div class="bar" />
        <div class="bar bar-short" />
      </div>
      <div class="decisions" />
    </div>
  );
}

/** Cards on their way, at their own size. */
export function Skeletons({ sizes }: { sizes: readonly CardSize[] }) {
  return (
    <div class="cards" aria-busy="true">
      <p class="unseen" role="status">
        {t("loading")}
      </p>
      {sizes.map((size, index) => (
        <SkeletonCard key={index} size={size} />
      ))}
    </div>
  );
}
