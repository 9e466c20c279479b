import { effect } from "@preact/signals";
import { render } from "preact";
import { followLinks } from "./state/address.ts";
import { watchConnection } from "./state/connection.ts";
import { forgetEnjoyed, watchEnjoyed } from "./state/enjoyed.ts";
import { watchFilling } from "./state/filling.ts";
import { watchFilm } from "./state/film.ts";
import { watchKeys } from "./state/moves.ts";
import { waitFor } from "./state/outbox.ts";
import { chosenLanguage, singleKeys, theme } from "./state/preferences.ts";
import { watchLibrary } from "./state/recommendations.ts";
import { forgetRecord } from "./state/record.ts";
import { askWhoIAm, watchSession } from "./state/session.ts";
import { forgetShelves, watchShelves } from "./state/shelf.ts";
import { forgetShown, watchShown } from "./state/shown.ts";
import { useLanguage } from "./state/strings.ts";
import "./style/tokens.css";
import "./style/base.css";
import "./style/header.css";
import "./style/poster.css";
import "./style/card.css";
import "./style/filters.css";
import "./style/notices.css";
import "./style/parts.css";
import "./style/views.css";
import "./style/live.css";
import "./style/account.css";
import { Page } from "./views/page.tsx";

effect(() => {
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});
effect(() => {
  document.documentElement.dataset.keys = singleKeys.value;
});

watchConnection();
watchSession(() => {
  forgetEnjoyed();
  forgetShelves();
  forgetShown();
  forgetRecord();
});
watchLibrary();
watchEnjoyed();
watchShelves();
watchShown();
watchFilling();
watchFilm();
watchKeys();
followLinks();

function start(): void {
  const page = document.getElementById("page");
  if (page) render(<Page />, page);
}

// The first words on screen are in the reader's language; English when the other one does not come.
const begun = useLanguage().then(start, start);
waitFor(begun.then(askWhoIAm));
effect(() => {
  if (chosenLanguage.value) useLanguage().catch(() => {});
});
