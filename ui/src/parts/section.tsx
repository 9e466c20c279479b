import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

/** One matter of a screen under its own heading. */
export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="source-row" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

/** Something that is opened to be done, and closes when it is. */
export function Fold({
  label,
  about,
  children,
}: {
  label: string;
  /** What it is about, for who does not see where it stands. */
  about?: string;
  children: (close: () => void) => ComponentChildren;
}) {
  const isOpen = useSignal(false);
  const summary = useRef<HTMLElement>(null);
  return (
    <details
      class="fold"
      open={isOpen.value}
      onToggle={(event) => {
        isOpen.value = event.currentTarget.open;
      }}
    >
      <summary ref={summary}>
        {label} {about && <span class="unseen">{about}</span>}
      </summary>
      {isOpen.value &&
        children(() => {
          isOpen.value = false;
          // What had the focus goes with the form.
          summary.current?.focus();
        })}
    </details>
  );
}
