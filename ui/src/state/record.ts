/** What came of what was shown: of so many films tried from here, so many were liked. */
import { api, type Tried } from "../api.ts";
import { refusalText } from "./library.ts";
import { Loader } from "./loading.ts";
import { notify } from "./notices.ts";
import { written } from "./outbox.ts";
import { forgetShown } from "./shown.ts";
import { t } from "./strings.ts";

const loader = new Loader<Tried>();
export const record = loader.state;

export async function openRecord(): Promise<void> {
  await loader.load(async (signal) => {
    await written();
    return api.record(signal);
  });
}

/** Forgets what was shown; gives whether the server did. */
export async function eraseRecord(): Promise<boolean> {
  try {
    await api.eraseRecord();
  } catch (error) {
    notify(t("record.not_erased", { why: refusalText(error) }), { isFailure: true });
    return false;
  }
  loader.reset();
  forgetShown();
  notify(t("record.erased"));
  return true;
}

export function forgetRecord(): void {
  loader.reset();
}
