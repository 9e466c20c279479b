import type { Options } from "../api-account.ts";
import { passkeysThere } from "../state/signing.ts";
import { rich, t } from "../state/strings.ts";

/** Where else on this machine passkeys work, at the same screen: a browser has them for names only. */
export function Elsewhere({ here, path }: { here: Options; path: string }) {
  const there = passkeysThere(here);
  if (!there) return <p class="soft">{t("account.passkeys.not_here")}</p>;
  return (
    <p class="soft">
      {rich("sign.passkeys_at", { address: <a href={there + path}>{new URL(there).host}</a> })}
    </p>
  );
}
