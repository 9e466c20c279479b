/** A network for tests: every request is noted and answered by hand, in whatever order a test likes. */
import { vi } from "vitest";
import type { Film, FilmDetail, Recommendation, Source, Sources } from "../src/api.ts";
import type { Account, Options } from "../src/api-account.ts";

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
  headers: Headers;
  /** Answers with JSON, and with an ETag where one is given. */
  answer(body: unknown, status?: number, etag?: string): Promise<void>;
  /** Refuses with a problem document. */
  refuse(
    status: number,
    detail: string,
    type?: string,
    more?: object,
    headers?: Record<string, string>,
  ): Promise<void>;
  /** Lets the connection fail. */
  drop(): Promise<void>;
}

/** Lets everything run that waits for promises alone. */
export const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

export function network(): Asked[] {
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", (address: string, init: RequestInit) => {
    const url = new URL(address, "http://localhost");
    return new Promise<Response>((resolve, reject) => {
      init.signal?.addEventListener("abort", () => reject(new DOMException("Aborted", "AbortError")));
      const respond = (body: string | null, status: number, type: string, more = {}) => {
        const headers = { "Content-Type": type, ...more };
        resolve(new Response(body, { status, headers }));
        return settled();
      };
      asked.push({
        method: init.method ?? "GET",
        path: url.pathname,
        query: url.searchParams,
        body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
        headers: new Headers(init.headers),
        answer: (body, status = 200, etag) =>
          respond(
            status === 204 || status === 304 ? null : JSON.stringify(body),
            status,
            "application/json",
            etag ? { ETag: etag } : {},
          ),
        refuse: (status, detail, type = "about:blank", more = {}, headers = {}) =>
          respond(
            JSON.stringify({ type, title: detail, status, detail, ...more }),
            status,
            "application/problem+json",
            headers,
          ),
        drop: () => {
          reject(new TypeError("Failed to fetch"));
          return settled();
        },
      });
    });
  });
  return asked;
}

/** The last request of that kind; throws while there is none. */
export function find(asked: readonly Asked[], method: string, path: string): Asked {
  const found = asked.findLast((one) => one.method === method && one.path === `/api/v1${path}`);
  if (!found) throw new Error(`Nobody has asked ${method} ${path}.`);
  return found;
}

let lastId = 0;

/** A film with one word changed. */
export function makeFilm(changes: Partial<Film> = {}): Film {
  lastId += 1;
  const id = changes.id ?? lastId;
  return {
    id,
    refs: { imdb: `tt${String(id).padStart(7, "0")}` },
    kind: "movie",
    title: `Film ${id}`,
    original_title: null,
    year: 1995,
    end_year: null,
    runtime_min: 170,
    certificate: "R",
    genres: ["crime", "drama"],
    languages: ["en"],
    countries: ["US"],
    directors: [{ id: 1, name: "Michael Mann" }],
    creators: [],
    cast: [
      { id: 2, name: "Al Pacino" },
      { id: 3, name: "Robert De Niro" },
      { id: 4, name: "Val Kilmer" },
    ],
    score: { value: 7.7, votes: 25_000, source: "movielens" },
    popularity: 100,
    description: null,
    trailer: "2GfZl4kuVNI",
    poster: null,
    has_poster: false,
    description_source: null,
    description_url: null,
    ...changes,
  };
}

/** A film of which nothing is known but what a search told. */
export function makeStub(changes: Partial<Film> = {}): Film {
  return makeFilm({
    runtime_min: null,
    certificate: null,
    genres: [],
    languages: [],
    countries: [],
    directors: [],
    cast: [],
    score: null,
    popularity: null,
    trailer: null,
    ...changes,
  });
}

/** A film with everything, as its own address answers. */
export function makeDetail(film: Film, changes: Partial<FilmDetail> = {}): FilmDetail {
  return {
    ...film,
    alternative_titles: [],
    sources: {},
    facts: [],
    offers: [],
    pending: { fetching: 0, waiting: 0 },
    ...changes,
  };
}

/** A source that finds films by name, with one word changed. */
export function makeSource(changes: Partial<Source> = {}): Source {
  return {
    name: "imdb",
    title: "IMDb",
    can: ["search", "film"],
    is_on: false,
    decided_by: "nobody",
    may_switch: true,
    needs: null,
    credit: "",
    keeps_days: null,
    hosts: [
      {
        host: "v3.sg.media-imdb.com",
        purpose: "Titles by name.",
        sends: "The words typed.",
        calls: 0,
        last_called_at: null,
        last_answered_at: null,
        blocked_until: null,
        last_error: null,
      },
    ],
    ...changes,
  };
}

export function makeSources(items: Source[] = [], changes: Partial<Sources> = {}): Sources {
  return { items, offline: false, ...changes };
}

/** What the server answers to a write. */
export function kept(film: Film, answers: Record<string, unknown>, change = 1, fetching = 0) {
  return {
    entry: {
      film,
      verdict: null,
      seen: false,
      seen_on: null,
      saved: false,
      saved_at: null,
      snoozed_until: null,
      taste: true,
      rating: null,
      version: change,
      updated_at: "2026-11-23T20:00:00Z",
      ...answers,
    },
    change: { id: change, overtaken: [] },
    pending: { fetching, waiting: 0 },
  };
}

/** A film as it is recommended, because of some liked ones. */
export function makePick(
  film: Film,
  because: readonly Pick<Recommendation["because"][number], "film" | "share">[] = [],
  changes: Partial<Recommendation> = {},
): Recommendation {
  const reasons = because.map((reason) => ({ say: null, ...reason }));
  return { film, score: 1, confidence: "likely", because: reasons, not_because: [], ...changes };
}

/** A liked film as a reason names it. */
export function makeReason(id: number, title: string, share = 0.5) {
  return { film: { id, title, year: 1995, kind: "movie" as const }, share };
}

/** A list of recommendations as the server answers it. */
export function makeList(items: readonly Recommendation[], changes: Record<string, unknown> = {}) {
  return {
    items,
    next: null,
    count: 100,
    left_out: {},
    hint: null,
    relax: [],
    known: 0.5,
    spread: 0.2,
    pending: { fetching: 0, waiting: 0 },
    ...changes,
  };
}

/** What an install offers to who is not signed in, with one word changed. */
export function makeOptions(changes: Partial<Options> = {}): Options {
  return {
    registration: "open",
    guests: true,
    providers: [],
    passkeys: false,
    passkeys_at: null,
    mail: "folder",
    password_length: 8,
    operator_wanted: false,
    ...changes,
  };
}

/** An account with e-mail and password, with one word changed. */
export function makeAccount(changes: Partial<Account> = {}): Account {
  return {
    id: 7,
    name: "Ida",
    guest: false,
    operator: false,
    may_operate: false,
    created_at: "2026-11-23T12:00:00Z",
    email: "ida@example.org",
    language: "en",
    ways: [
      {
        id: 1,
        kind: "password",
        provider: "password",
        email: "ida@example.org",
        created_at: "2026-11-23T12:00:00Z",
        last_used_at: null,
      },
    ],
    asks_passkey: false,
    fresh: true,
    merges: [],
    ...changes,
  };
}
