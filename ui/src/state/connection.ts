/** Whether the server can be reached, as the last request found. */
import { signal } from "@preact/signals";
import { whenReached } from "../api.ts";

export const isAway = signal(false);

export function watchConnection(): void {
  whenReached((isThere) => {
    isAway.value = !isThere;
  });
  window.addEventListener("offline", () => {
    isAway.value = true;
  });
  window.addEventListener("online", () => {
    isAway.value = false;
  });
}
