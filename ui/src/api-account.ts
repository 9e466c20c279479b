/** What the screens of accounts ask the server. They come later than the first load, and so do these. */
import { call } from "./api.ts";
import type { components } from "./api-types.ts";

type Schemas = components["schemas"];
export type Options = Schemas["Options"];
export type Account = Schemas["Account"];
export type Way = Schemas["WayIn"];
export type Merge = Schemas["Merge"];
export type OpenSession = Schemas["OpenSession"];
export type Passkey = Schemas["Passkey"];
export type Token = Schemas["Token"];
export type Install = Schemas["Install"];
export type ListedAccount = Schemas["ListedAccount"];
export type Invitation = Schemas["Invitation"];
/** What is asked of a passkey, as JSON has it. */
export type Ceremony = Schemas["PasskeyOptions"];
export type SignedIn = Schemas["Session"];
export type Purpose = "confirm" | "reset" | "email" | "unlock";

const get = <T>(path: string, signal?: AbortSignal) => call<T>("GET", path, undefined, signal);

export const accounts = {
  options: (signal?: AbortSignal) => get<Options>("/account/options", signal),
  account: (signal?: AbortSignal) => get<Account>("/account", signal),
  signUp: (body: Partial<Schemas["NewAccount"]>) => call<Schemas["MailSent"]>("POST", "/account", body),
  change: (body: Partial<Schemas["AccountChange"]>) => call<Account>("PATCH", "/account", body),
  changePassword: (password: string) => call<SignedIn>("PUT", "/account/password", { password }),
  changeEmail: (email: string, password?: string) =>
    call<Schemas["MailSent"]>("PUT", "/account/email", {
      email,
      ...(password === undefined ? {} : { password }),
    }),
  erase: () => call<void>("DELETE", "/account"),
  undoMerge: (guest: number) => call<Schemas["Undone"]>("POST", `/account/merges/${guest}/undo`),

  sendLink: (purpose: "reset", email: string) =>
    call<Schemas["MailSent"]>("POST", "/account/links", { purpose, email }),
  useLink: (token: string, password?: string) =>
    call<SignedIn>("POST", "/account/links/use", { token, ...(password === undefined ? {} : { password }) }),

  signIn: (email: string, password: string) => call<SignedIn>("POST", "/session", { email, password }),
  signInAgain: (password: string) => call<SignedIn>("POST", "/session/again", { password }),
  signOut: () => call<void>("DELETE", "/session"),
  sessions: (signal?: AbortSignal) => get<Schemas["OpenSessionList"]>("/sessions", signal),
  endSession: (id: number) => call<void>("DELETE", `/sessions/${id}`),
  endOthers: () => call<void>("DELETE", "/sessions"),

  provider: (name: string, body: Partial<Schemas["SignInElsewhere"]>) =>
    call<Schemas["Elsewhere"]>("POST", `/auth/${encodeURIComponent(name)}`, body),
  unlink: (id: number) => call<void>("DELETE", `/account/identities/${id}`),

  beginPasskey: (again = false) => call<Ceremony>("POST", "/session/passkey/start", { again }),
  usePasskey: (credential: unknown) => call<SignedIn>("POST", "/session/passkey", { credential }),
  passkeys: (signal?: AbortSignal) => get<Schemas["PasskeyList"]>("/account/passkeys", signal),
  beginNewPasskey: (invitation: string | null) =>
    call<Ceremony>("POST", "/account/passkeys/start", { invitation }),
  addPasskey: (credential: unknown, name: string) =>
    call<Passkey>("POST", "/account/passkeys", { credential, name }),
  renamePasskey: (id: number, name: string) => call<Passkey>("PATCH", `/account/passkeys/${id}`, { name }),
  removePasskey: (id: number) => call<void>("DELETE", `/account/passkeys/${id}`),

  tokens: (signal?: AbortSignal) => get<Schemas["TokenList"]>("/account/tokens", signal),
  makeToken: (name: string, scope: Token["scope"]) =>
    call<Schemas["MadeToken"]>("POST", "/account/tokens", { name, scope }),

  install: (signal?: AbortSignal) => get<Install>("/operator", signal),
  users: (before: number | null, signal?: AbortSignal) =>
    get<Schemas["AccountList"]>(`/operator/users${before === null ? "" : `?before=${before}`}`, signal),
  useCode: (code: string) => call<void>("POST", "/operator/code", { code }),
  invitations: (signal?: AbortSignal) => get<Schemas["InvitationList"]>("/operator/invitations", signal),
  invite: (note: string) => call<Schemas["MadeInvitation"]>("POST", "/operator/invitations", { note }),
  uninvite: (id: number) => call<void>("DELETE", `/operator/invitations/${id}`),
  endToken: (id: number) => call<void>("DELETE", `/account/tokens/${id}`),
};
