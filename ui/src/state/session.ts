/** Who we are to the server. Nobody, until the first answer makes a guest. */
import { signal } from "@preact/signals";
import { api, type User, whenSessionEnds } from "../api.ts";
import { forgetEverything } from "./library.ts";
import { notify } from "./notices.ts";
import { writeChoices } from "./preferences.ts";
import { t } from "./strings.ts";

export const user = signal<User | null>(null);

let ending: Promise<void> | null = null;

async function goOn(forgetLists: () => void): Promise<void> {
  await api.forgetSession();
  writeChoices();
  user.value = null;
  forgetEverything();
  forgetLists();
  notify(t("session.ended"));
}

/** When a session has ended: forget the cookie, say so, go on as somebody new. Once, however many requests found out. */
export function watchSession(forgetLists: () => void): void {
  whenSessionEnds(() => {
    ending ??= goOn(forgetLists).finally(() => {
      ending = null;
    });
    return ending;
  });
}

export async function askWhoIAm(): Promise<void> {
  user.value = (await api.session()).user;
}
