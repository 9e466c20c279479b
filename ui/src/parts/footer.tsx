import { t } from "../state/strings.ts";

/** What stands at the end of every screen. */
export function Footer() {
  return (
    <footer class="foot dotted">
      <a href="/about">{t("nav.about")}</a>
      <a href="/kept">{t("nav.kept")}</a>
      <a href="/leaving">{t("nav.leaving")}</a>
    </footer>
  );
}
