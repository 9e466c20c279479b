/** What who runs an install sees of it. */
import { effect } from "@preact/signals";
import { ApiError } from "../api.ts";
import { accounts, type Install, type Invitation, type ListedAccount } from "../api-account.ts";
import { Loader } from "./loading.ts";
import { notify } from "./notices.ts";
import { faultText } from "./refusals.ts";
import { user } from "./session.ts";
import { t } from "./strings.ts";

interface Run {
  install: Install;
  users: readonly ListedAccount[];
  next: number | null;
  invitations: readonly Invitation[];
}
const loader = new Loader<Run>();
export const run = loader.state;
// As what is shown of an account: not for whoever comes after the session.
effect(() => {
  if (user.value || !run.peek().value) return;
  loader.reset();
  run.value = { status: "failed", value: null, error: new ApiError(403, "/problems/not-allowed", "") };
});

export async function openInstall(): Promise<void> {
  await loader.load(async (signal) => {
    const [install, users, invitations] = await Promise.all([
      accounts.install(signal),
      accounts.users(null, signal),
      accounts.invitations(signal),
    ]);
    return { install, users: users.items, next: users.next, invitations: invitations.items };
  });
}

export async function moreUsers(): Promise<void> {
  const { value } = loader.state.peek();
  const page = await accounts.users(value?.next ?? null);
  loader.change((now) => ({ ...now, users: [...now.users, ...page.items], next: page.next }));
}

/** Makes an invitation; gives it with its link, which is told this once. */
export async function invite(note: string): Promise<{ invitation: Invitation; link: string }> {
  const made = await accounts.invite(note);
  loader.change((now) => ({ ...now, invitations: [made.invitation, ...now.invitations] }));
  return made;
}

/** Removes an invitation, says so, and gives whether that went well. */
export async function uninvite({ id }: Invitation): Promise<boolean> {
  try {
    await accounts.uninvite(id);
    loader.change((now) => ({ ...now, invitations: now.invitations.filter((one) => one.id !== id) }));
    notify(t("operator.invitations.removed"));
    return true;
  } catch (error) {
    notify(faultText(error), { isFailure: true });
    return false;
  }
}
