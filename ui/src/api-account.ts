/** What the screens of accounts ask the server. They come later than the first load, and so do these. */
import { call, type User } from "./api.ts";

export interface Provider {
  name: string;
  title: string;
}
export interface Options {
  registration: "open" | "invited" | "closed";
  guests: boolean;
  providers: readonly Provider[];
  passkeys: boolean;
  passkeys_at: string | null;
  mail: "smtp" | "folder";
  password_length: number;
  operator_wanted: boolean;
}
export interface Way {
  id: number;
  kind: "password" | "provider";
  provider: string | null;
  email: string | null;
  created_at: string;
  last_used_at: string | null;
}
export interface Merge {
  guest: number;
  at: string;
  films: number;
  until: string;
}
export interface Account {
  id: number;
  name: string | null;
  guest: boolean;
  operator: boolean;
  may_operate: boolean;
  created_at: string;
  email: string | null;
  language: string | null;
  ways: readonly Way[];
  asks_passkey: boolean;
  fresh: boolean;
  merges: readonly Merge[];
}
export interface SessionRow {
  id: number;
  current: boolean;
  way: string;
  began_at: string;
  last_seen_at: string;
  expires_at: string;
  user_agent: string;
  address: string;
}
export interface Passkey {
  id: number;
  name: string;
  created_at: string;
  last_used_at: string | null;
}
export interface Token {
  id: number;
  name: string;
  scope: "read" | "write";
  created_at: string;
  last_used_at: string | null;
}
export interface Space {
  name: "database" | "posters" | "models" | "titles" | "mail";
  bytes: number;
  files: number | null;
  more: boolean;
}
export interface Install {
  version: string;
  started_at: string;
  database: "sqlite" | "postgresql";
  disk: readonly Space[];
  free_bytes: number;
  accounts: number;
  guests: number;
  sessions: number;
  jobs: { queued: number; running: number; done: number; failed: number };
  films: number;
  sources_on: readonly string[];
  mail: "smtp" | "folder";
  mails_waiting: number;
  registration: Options["registration"];
  takes_guests: boolean;
}
export interface ListedAccount {
  id: number;
  name: string | null;
  emails: readonly string[];
  ways: readonly string[];
  operator: boolean;
  created_at: string;
  last_seen_at: string;
  sessions: number;
}
export interface Invitation {
  id: number;
  note: string;
  created_at: string;
  expires_at: string;
  used_at: string | null;
}
/** Options of a passkey ceremony, as JSON has them. */
export interface Ceremony {
  options: Record<string, unknown>;
}
export interface SignedIn {
  user: User | null;
  second_factor?: Ceremony | null;
}
export type Purpose = "confirm" | "reset" | "email" | "unlock";

const get = <T>(path: string, signal?: AbortSignal) => call<T>("GET", path, undefined, signal);

export const accounts = {
  options: (signal?: AbortSignal) => get<Options>("/account/options", signal),
  account: (signal?: AbortSignal) => get<Account>("/account", signal),
  signUp: (body: {
    email: string;
    password: string;
    name?: string;
    language?: string;
    invitation?: string;
  }) => call<{ sent: true }>("POST", "/account", body),
  change: (body: { name?: string; language?: string; asks_passkey?: boolean }) =>
    call<Account>("PATCH", "/account", body),
  changePassword: (password: string) => call<void>("PUT", "/account/password", { password }),
  changeEmail: (email: string, password?: string) =>
    call<void>("PUT", "/account/email", { email, ...(password === undefined ? {} : { password }) }),
  erase: () => call<void>("DELETE", "/account"),
  undoMerge: (guest: number) => call<void>("POST", `/account/merges/${guest}/undo`),

  sendLink: (purpose: "reset", email: string) =>
    call<{ sent: true }>("POST", "/account/links", { purpose, email }),
  useLink: (token: string, password?: string) =>
    call<SignedIn>("POST", "/account/links/use", { token, ...(password === undefined ? {} : { password }) }),

  signIn: (email: string, password: string) => call<SignedIn>("POST", "/session", { email, password }),
  signInAgain: (password: string) => call<SignedIn>("POST", "/session/again", { password }),
  signOut: () => call<void>("DELETE", "/session"),
  sessions: (signal?: AbortSignal) => get<{ items: readonly SessionRow[] }>("/sessions", signal),
  endSession: (id: number) => call<void>("DELETE", `/sessions/${id}`),
  endOthers: () => call<void>("DELETE", "/sessions"),

  provider: (
    name: string,
    body: { intent: "sign_in" | "link" | "again"; next?: string; invitation?: string },
  ) => call<{ location: string }>("POST", `/auth/${encodeURIComponent(name)}`, body),
  unlink: (id: number) => call<void>("DELETE", `/account/identities/${id}`),

  beginPasskey: (again = false) => call<Ceremony>("POST", "/session/passkey/start", { again }),
  usePasskey: (credential: unknown) => call<SignedIn>("POST", "/session/passkey", { credential }),
  passkeys: (signal?: AbortSignal) => get<{ items: readonly Passkey[] }>("/account/passkeys", signal),
  beginNewPasskey: () => call<Ceremony>("POST", "/account/passkeys/start", {}),
  addPasskey: (credential: unknown, name: string) =>
    call<Passkey>("POST", "/account/passkeys", { credential, name }),
  renamePasskey: (id: number, name: string) => call<Passkey>("PATCH", `/account/passkeys/${id}`, { name }),
  removePasskey: (id: number) => call<void>("DELETE", `/account/passkeys/${id}`),

  tokens: (signal?: AbortSignal) => get<{ items: readonly Token[] }>("/account/tokens", signal),
  makeToken: (name: string, scope: Token["scope"]) =>
    call<{ token: Token; secret: string }>("POST", "/account/tokens", { name, scope }),

  install: (signal?: AbortSignal) => get<Install>("/operator", signal),
  users: (before: number | null, signal?: AbortSignal) =>
    get<{ items: readonly ListedAccount[]; next: number | null }>(
      `/operator/users${before === null ? "" : `?before=${before}`}`,
      signal,
    ),
  useCode: (code: string) => call<void>("POST", "/operator/code", { code }),
  invitations: (signal?: AbortSignal) =>
    get<{ items: readonly Invitation[] }>("/operator/invitations", signal),
  invite: (note: string) =>
    call<{ invitation: Invitation; link: string }>("POST", "/operator/invitations", { note }),
  uninvite: (id: number) => call<void>("DELETE", `/operator/invitations/${id}`),
  endToken: (id: number) => call<void>("DELETE", `/account/tokens/${id}`),
};
