/** Background work that has failed for good, for those who may see it. */
import { api, type Job, type Jobs } from "../api.ts";
import { refusalText } from "./library.ts";
import { Loader } from "./loading.ts";
import { notify } from "./notices.ts";
import { t } from "./strings.ts";

const loader = new Loader<Jobs>();
export const failedJobs = loader.state;

/** Who may not see them sees none. */
export async function openFailedJobs(): Promise<void> {
  await loader.load((signal) => api.failedJobs(signal));
}

/** Has jobs tried again; those that were taken go off the list. */
export async function retry(jobs: readonly Job[]): Promise<void> {
  try {
    for (const { id } of jobs) {
      await api.retryJob(id);
      loader.change(({ items }) => ({ items: items.filter((job) => job.id !== id) }));
    }
    notify(t("leaving.jobs.retried"));
  } catch (error) {
    notify(t("leaving.jobs.not_retried", { why: refusalText(error) }), { isFailure: true });
  }
  await openFailedJobs();
}
