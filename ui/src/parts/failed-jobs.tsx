import type { Job } from "../api.ts";
import { failedJobs, retry } from "../state/jobs.ts";
import { hasText, t } from "../state/strings.ts";

/** What a job was to do, in words. */
function jobName({ kind }: Job): string {
  const key = `leaving.job.${kind}`;
  return hasText(key) ? t(key) : kind;
}

/** Background work that was given up, for those who may have it tried again. */
export function FailedJobs() {
  const { value } = failedJobs.value;
  if (!value || value.items.length === 0) return null;
  return (
    <section class="source-row" aria-labelledby="jobs">
      <h2 id="jobs">{t("leaving.jobs")}</h2>
      <p>{t("leaving.jobs.count", { count: value.items.length })}</p>
      <ul>
        {value.items.map((job) => (
          <li key={job.id}>
            <span>
              {jobName(job)} <span class="soft">{job.error}</span>
            </span>
            <button type="button" class="plain" onClick={() => void retry([job])}>
              {t("again")} <span class="unseen">{jobName(job)}</span>
            </button>
          </li>
        ))}
      </ul>
      {value.items.length > 1 && (
        <p class="buttons">
          <button type="button" class="button" onClick={() => void retry(value.items)}>
            {t("leaving.jobs.retry")}
          </button>
        </p>
      )}
    </section>
  );
}
