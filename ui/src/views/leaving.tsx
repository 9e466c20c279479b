import { useEffect } from "preact/hooks";
import type { OutsideHost, Source } from "../api.ts";
import { Credit } from "../parts/credit.tsx";
import { Failed } from "../parts/failed.tsx";
import { FailedJobs } from "../parts/failed-jobs.tsx";
import { Skeletons } from "../parts/skeleton.tsx";
import { Switch } from "../parts/switch.tsx";
import { openFailedJobs } from "../state/jobs.ts";
import { trailerConsent } from "../state/preferences.ts";
import { isOffline, openSources, sources } from "../state/sources.ts";
import { dateTime, hasText, list, rich, t } from "../state/strings.ts";
import { switchSource, testSource, tests } from "../state/switches.ts";

/** Trailers come to the browser, not to the server: the browser's own yes switches them. */
const IN_BROWSER = "youtube";
const isOn = (source: Source): boolean =>
  source.name === IN_BROWSER ? !isOffline.value && trailerConsent.value === "yes" : source.is_on;

/** Wikipedia's hosts differ by language alone. */
const hostName = ({ host }: OutsideHost) => host.replace(/^[a-z-]+\.(?=wikipedia)/, "");

/** Our own text where we have one in this language, else what the source says of itself. */
const told = (key: string, words: string) => (hasText(key) ? t(key) : <span lang="en">{words}</span>);

/** How a host fares: called how often and when, and whether it answers. */
function state(host: OutsideHost): string[] {
  if (host.calls === 0 || host.last_called_at === null) return [t("leaving.never")];
  const called = t("leaving.called", { count: host.calls, when: dateTime(host.last_called_at) });
  const rests = host.blocked_until !== null && new Date(host.blocked_until) > new Date();
  if (rests && host.blocked_until)
    return [called, t("leaving.rests", { until: dateTime(host.blocked_until) }), host.last_error ?? ""];
  if (host.last_error) return [called, t("leaving.silent"), host.last_error];
  return [called, t("leaving.answered")];
}

/** What a host is for goes by its name; where an operator chooses the host, by what it is chosen for. */
function subject(source: Source, host: OutsideHost): string {
  if (source.name === "mail") return "mail";
  return source.name.startsWith("sign-in-") ? "sign-in" : hostName(host);
}

/** Strangers are not told where an operator has a source asked. */
const BY_OPERATOR = "set by the operator";

function Host({ host, source }: { host: OutsideHost; source: Source }) {
  const what = subject(source, host);
  return (
    <>
      <dt>{host.host === BY_OPERATOR ? t("leaving.host.operator") : host.host}</dt>
      <dd>
        {told(`leaving.purpose.${what}`, host.purpose)}{" "}
        {rich("leaving.sent", { what: told(`leaving.sends.${what}`, host.sends) })}
      </dd>
      <dd class="soft">{state(host).filter(Boolean).join(" ")}</dd>
    </>
  );
}

/** Where a key comes from, and where it goes. */
function Needs({ source }: { source: Source }) {
  if (source.needs === null) return null;
  const value = source.needs === "client" ? 'on = true, client = "..."' : `${source.needs} = "..."`;
  const setting = <code>{`[sources.${source.name}] ${value}`}</code>;
  const file = <code>moviefinder.toml</code>;
  if (source.needs === "client") return <p>{rich("leaving.needs.client", { setting, file })}</p>;
  return (
    <p>
      {rich("leaving.needs.key", {
        setting,
        file,
        site:
          source.name === "tmdb" ? (
            <a href="https://www.themoviedb.org/settings/api" target="_blank" rel="noopener noreferrer">
              themoviedb.org
            </a>
          ) : (
            source.title
          ),
      })}
    </p>
  );
}

function Tried({ source }: { source: Source }) {
  const tested = tests.value.get(source.name);
  return (
    <p class="tried" role="status">
      {tested === null && t("leaving.trying")}
      {tested && t(`leaving.test.${tested.outcome}`, { source: source.title, ms: tested.took_ms })}{" "}
      {tested && tested.outcome !== "answers" && <span lang="en">{tested.message}</span>}
    </p>
  );
}

/** Who has decided that a source is on or off. */
function decided(source: Source): string {
  if (source.name === IN_BROWSER && !isOffline.value)
    return t(isOn(source) ? "leaving.browser.on" : "leaving.browser.off");
  if (source.decided_by === "offline" || source.decided_by === "nobody")
    return t(`leaving.decided.${source.decided_by}`);
  return t(`leaving.decided.${source.decided_by}.${source.is_on ? "on" : "off"}`);
}

const CAPABILITIES = ["search", "film", "similar", "poster"] as const;

function SourceRow({ source }: { source: Source }) {
  const id = `source-${source.name}`;
  const titled = `leaving.title.${source.name}`;
  const isBrowsers = source.name === IN_BROWSER;
  const maySwitch = isBrowsers ? !isOffline.value : source.may_switch;
  const on = isOn(source);
  const hasTold = source.hosts.some((host) => host.calls > 0);
  const can = CAPABILITIES.filter((what) => source.can.includes(what));
  const flip = (wanted: boolean) => {
    if (isBrowsers) trailerConsent.value = wanted ? "yes" : "ask";
    else void switchSource(source, wanted);
  };
  return (
    <section class="source-row" aria-labelledby={id}>
      <div class="head">
        <h2 id={id}>{hasText(titled) ? t(titled) : source.title}</h2>
        {maySwitch ? (
          <Switch label={t("leaving.switch", { source: source.title })} isOn={on} onSwitch={flip} />
        ) : (
          <span class="soft">{t(on ? "leaving.on" : "leaving.off")}</span>
        )}
      </div>
      {source.needs !== "client" && (
        <p>
          {decided(source)}{" "}
          {!isBrowsers && !source.is_on && hasTold && t("leaving.stays", { source: source.title })}
        </p>
      )}
      {can.length > 0 && (
        <p>{t("leaving.asked", { what: list(can.map((what) => t(`leaving.can.${what}`))) })}</p>
      )}
      <Needs source={source} />
      <dl>
        {source.hosts.map((host) => (
          <Host key={`${host.host} ${host.purpose}`} host={host} source={source} />
        ))}
      </dl>
      {source.keeps_days !== null && <p class="soft">{t("leaving.keeps", { count: source.keeps_days })}</p>}
      {source.credit && (
        <p class="soft">
          <Credit words={source.credit} />
        </p>
      )}
      {!isBrowsers && maySwitch && (
        <div class="buttons">
          {source.is_on && (
            <button type="button" onClick={() => void testSource(source.name)}>
              {t("leaving.test")} <span class="unseen">{source.title}</span>
            </button>
          )}
          {!source.is_on && hasTold && (
            <button type="button" onClick={() => void switchSource(source, false, true)}>
              {t("leaving.forget")} <span class="unseen">{source.title}</span>
            </button>
          )}
          <Tried source={source} />
        </div>
      )}
    </section>
  );
}

/** Every outside host: what for, what it is sent, whether it is on and who decided that, and how it fares. */
export function LeavingView() {
  useEffect(() => {
    void openSources({ again: true });
    void openFailedJobs();
  }, []);
  const { value, status, error } = sources.value;
  return (
    <div class="prose leaving">
      <h1 tabIndex={-1}>{t("nav.leaving")}</h1>
      <p class="lead">{t(value?.offline ? "leaving.offline" : "leaving.lead")}</p>
      {status === "failed" && <Failed error={error} again={() => void openSources({ again: true })} />}
      {!value && status === "loading" && <Skeletons sizes={["usual", "usual"]} />}
      {value?.items
        .filter((source) => source.hosts.length > 0)
        .map((source) => (
          <SourceRow key={source.name} source={source} />
        ))}
      <FailedJobs />
    </div>
  );
}
