import { forYou, route, signInHere } from "../state/address.ts";
import { isHelpOpen } from "../state/keys.ts";
import { isSignedIn, THEMES, theme } from "../state/preferences.ts";
import { user } from "../state/session.ts";
import { t } from "../state/strings.ts";
import { Icon, type IconName } from "./icon.tsx";
import { SearchBox } from "./search-box.tsx";

const THEME_ICONS = { system: "auto", light: "sun", dark: "moon" } as const;

function ThemeSwitch() {
  const now = theme.value;
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length] ?? "system";
  return (
    <button
      type="button"
      class="round"
      aria-label={t("theme.switch", { now: t(`theme.${now}`), next: t(`theme.${next}`) })}
      title={t("theme.switch", { now: t(`theme.${now}`), next: t(`theme.${next}`) })}
      onClick={() => {
        theme.value = next;
      }}
    >
      <Icon name={THEME_ICONS[now]} />
    </button>
  );
}

function NavLink({ href, name, icon, label }: { href: string; name: string; icon: IconName; label: string }) {
  return (
    <a href={href} aria-current={route.value.name === name ? "page" : undefined}>
      <Icon name={icon} />
      <span>{label}</span>
    </a>
  );
}

/** The way in for somebody who is nobody or a guest, and to the account of who is signed in. */
function Who() {
  const isIn = isSignedIn.value === "yes";
  const label = isIn ? user.value?.name || t("nav.account") : t("nav.sign_in");
  return (
    <a class="who" href={isIn ? "/account" : signInHere.value} title={label}>
      <Icon name="person" />
      <span>{label}</span>
    </a>
  );
}

export function Header() {
  return (
    <header class="top">
      <a class="skip" href="#content">
        {t("skip")}
      </a>
      <a class="brand" href="/" aria-label={t("brand.home")}>
        <svg viewBox="0 0 64 64" aria-hidden="true">
          <path d="M8 52V16h9l15 18 15-18h9v36H46V33L32 50 18 33v19z" fill="currentColor" />
          <circle class="lamp" cx="32" cy="13" r="7" />
        </svg>
        <span>MovieFinder</span>
      </a>
      <SearchBox />
      <nav aria-label={t("nav")}>
        <NavLink href={forYou.value} name="recommendations" icon="home" label={t("nav.recommendations")} />
        <NavLink href="/search" name="search" icon="search" label={t("nav.search")} />
        <NavLink href="/library" name="library" icon="films" label={t("nav.library")} />
        <NavLink href="/about" name="about" icon="about" label={t("nav.about")} />
      </nav>
      <div class="switches">
        <button
          type="button"
          class="round keys-button"
          aria-label={t("keys.open")}
          title={t("keys.open")}
          onClick={() => {
            isHelpOpen.value = true;
          }}
        >
          <Icon name="keys" />
        </button>
        <ThemeSwitch />
        <Who />
      </div>
    </header>
  );
}
