import { computed, signal } from "@preact/signals";
import type { ComponentChildren, FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";
import { allTexts } from "../state/strings.ts";
import { Failed } from "./failed.tsx";

/** A part that is loaded, with its texts, when it is first wanted. Until then `children` stand in its place. */
export function later<Props extends object>(load: () => Promise<FunctionComponent<Props>>) {
  const part = signal<FunctionComponent<Props> | null>(null);
  const error = signal<unknown>(null);
  let isAsked = false;
  const fetchIt = async (): Promise<void> => {
    if (isAsked) return;
    isAsked = true;
    try {
      const [loaded] = await Promise.all([load(), allTexts()]);
      part.value = loaded;
    } catch (reason) {
      error.value = reason;
    }
  };
  function Later({ children, ...props }: Props & { children?: ComponentChildren }) {
    useEffect(() => void fetchIt(), []);
    const Part = part.value as FunctionComponent | null;
    if (Part) return <Part {...props} />;
    // Loading the whole page again also helps where the server has a newer one, without this part.
    if (error.value) return <Failed error={error.value} again={() => location.reload()} />;
    return <>{children}</>;
  }
  return Object.assign(Later, {
    /** Loads it before it is on the screen. */
    begin: fetchIt,
    isSettled: computed(() => part.value !== null || error.value !== null),
  });
}
