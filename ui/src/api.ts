/** Everything that crosses the network: the only file that calls `fetch`. */
import type { components } from "./api-types.ts";

type Schemas = components["schemas"];
export type Pending = Schemas["Pending"];
export type Film = Schemas["Film"];
export type FilmDetail = Schemas["FilmDetail"];
export type Offer = Schemas["Offer"];
export type OutsideHost = Schemas["SourceHost"];
export type Source = Schemas["Source"];
export type Sources = Schemas["SourceList"];
export type Tested = Schemas["Tested"];
export type Job = Schemas["Job"];
export type Jobs = Schemas["JobList"];
export type Answered = Schemas["Answered"];
export type LookedUp = Schemas["LookedUp"];
export type Person = Schemas["PersonName"];
export type Answers = Schemas["Answers"];
export type Entry = Schemas["Entry"];
export type Verdict = Schemas["Verdict"];
export type Kind = Schemas["Kind"];
export type Because = Schemas["Reason"];
export type FilmName = Schemas["FilmName"];
export type Say = Schemas["Say"];
export type Confidence = Schemas["Confidence"];
export type PastReason = Schemas["PastReason"];
export type Tried = Schemas["Record"];
export type Recommendation = Schemas["Recommendation"];
export type Recommendations = Schemas["RecommendationList"];
export type Similar = Schemas["SimilarFilm"];
export type Counts = Schemas["LibraryCounts"];
export type Shelf = keyof Counts;
export type Change = Schemas["PastChange"];
export type User = Schemas["User"];
export type Genre = Schemas["Genre"];
export type Place = Schemas["Place"];
export type Suggestion = Schemas["SuggestionRow"];
/** What a write answers; of the change only its number matters here. */
export type Said = Pick<Schemas["Said"], "entry"> & {
  change: Pick<Schemas["Change"], "id"> | null;
  pending?: Pending;
};
export type Patch = Partial<Answers>;

/** What a refusal says beside its text: the fields that cannot be used, and what the problem's type defines. */
export interface More {
  errors?: readonly Schemas["FieldProblem"][];
  needs?: string;
  why?: string;
  /** Seconds to wait before it is tried again. */
  wait?: number;
}

/** The server answered and refused; `detail` is written for people. */
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    readonly status: number,
    readonly type: string,
    readonly detail: string,
    readonly more: More = {},
  ) {
    super(`${status} ${detail}`);
  }
}

/** No answer came: the server is away, or there is no connection. */
export class AwayError extends Error {
  override name = "AwayError";
}

export type Query = Record<string, string | number | readonly (string | number)[] | null | undefined>;

/** What an answer was known by when it came last: who asks again with it is told when nothing has changed. */
export interface Seen {
  etag: string | null;
}

interface Options {
  query?: Query | URLSearchParams;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  seen?: Seen;
  /** A write that makes a guest of somebody who is nobody yet. */
  makesGuest?: boolean;
}

type Listener = () => void | Promise<void>;
let sessionEnded: Listener = () => {};
let endings = 0;
let whyNoGuest: () => string | null = () => null;
let reached: (isThere: boolean) => void = () => {};

/** What to do when the server says that the cookie is unknown or has expired; the request is then tried once more. */
export function whenSessionEnds(listener: Listener): void {
  sessionEnded = listener;
}

/** Asked before a write that may make a guest; what it gives is why that must not happen now. */
export function whenGuestMade(asked: () => string | null): void {
  whyNoGuest = asked;
}

/** Told after every request whether the server could be reached. */
export function whenReached(listener: (isThere: boolean) => void): void {
  reached = listener;
}

export function queryString(query: Query | URLSearchParams | undefined): string {
  if (!query) return "";
  const params = query instanceof URLSearchParams ? query : new URLSearchParams();
  if (!(query instanceof URLSearchParams)) {
    for (const [name, value] of Object.entries(query)) {
      if (value === null || value === undefined || value === "") continue;
      for (const one of Array.isArray(value) ? value : [value]) params.append(name, String(one));
    }
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}

async function refusal(response: Response): Promise<ApiError> {
  const problem: { type?: string; title?: string; detail?: string } & More = await response
    .json()
    .catch(() => ({}));
  const { type = "about:blank", detail = problem.title ?? "" } = problem;
  const wait = Number(response.headers.get("Retry-After"));
  return new ApiError(response.status, type, detail, { ...problem, wait });
}

async function request<T>(method: string, path: string, options: Options = {}, isRetry = false): Promise<T> {
  const { query, body, headers, signal, seen } = options;
  const before = endings;
  const refused = options.makesGuest ? whyNoGuest() : null;
  if (refused) throw new ApiError(401, "/problems/session-ended", refused);
  let response: Response;
  try {
    response = await fetch(path + queryString(query), {
      method,
      credentials: "same-origin",
      // An answer that is on its way arrives even when the page is closed behind it.
      keepalive: method !== "GET",
      // What is asked for again shall come from the server, whatever the browser has kept.
      ...(seen ? { cache: "no-store" } : {}),
      headers: {
        Accept: "application/json",
        ...(seen?.etag ? { "If-None-Match": seen.etag } : {}),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    reached(false);
    throw new AwayError(String(error));
  }
  // A proxy that answers for a server that is gone.
  if (response.status === 502 || response.status === 504) {
    reached(false);
    throw new AwayError(`${response.status}`);
  }
  reached(true);
  if (seen && response.status === 304) return null as T;
  if (!response.ok) {
    const error = await refusal(response);
    if (error.status === 401 && error.type.endsWith("/session-ended") && !isRetry) {
      // One that was under way when the end was found out has nothing to add to it.
      if (before === endings) await sessionEnded();
      endings += 1;
      return request(method, path, options, true);
    }
    throw error;
  }
  if (seen) seen.etag = response.headers.get("ETag");
  return (response.status === 204 ? undefined : await response.json()) as T;
}

const V1 = "/api/v1";

/** Asks for anything under the API's own address. */
export const call = <T>(method: string, path: string, body?: unknown, signal?: AbortSignal) =>
  request<T>(method, V1 + path, { ...(body === undefined ? {} : { body }), ...(signal ? { signal } : {}) });

const get = <T>(path: string, query?: Options["query"], signal?: AbortSignal) =>
  request<T>("GET", V1 + path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) });

/** Gives null where the answer is what it was when it was `seen`. */
const getIfChanged = <T>(path: string, seen: Seen, query?: Options["query"], signal?: AbortSignal) =>
  request<T | null>("GET", V1 + path, { seen, ...(query ? { query } : {}), ...(signal ? { signal } : {}) });

/** IMDb's suggestion files are named by the query: lower case, one underscore for each space. */
export function suggestionPath(text: string): string {
  const name = text.trim().toLowerCase().replace(/\s+/g, "_").slice(0, 80);
  return `/suggestion/x/${encodeURIComponent(name)}.json`;
}

export const api = {
  films: (query: { q?: string; kind?: Kind; limit?: number }, signal?: AbortSignal) =>
    get<Schemas["FilmList"]>("/films", query, signal),
  randomFilm: () => get<Film>("/films/random"),
  similar: (id: number, limit: number, seen: Seen, signal?: AbortSignal) =>
    getIfChanged<Schemas["SimilarFilmList"]>(`/films/${id}/similar`, seen, { limit }, signal),
  filmIfChanged: (id: number, seen: Seen, signal?: AbortSignal) =>
    getIfChanged<FilmDetail>(`/films/${id}`, seen, undefined, signal),
  lookUp: (q: string, source: string, signal: AbortSignal) =>
    request<LookedUp>("POST", `${V1}/films/lookup`, { body: { q, source }, signal }),
  posters: (films: readonly number[]) =>
    request<Schemas["Posters"]>("POST", `${V1}/posters`, { body: { films } }),
  genres: () => get<Schemas["GenreList"]>("/genres"),
  languages: () => get<Schemas["PlaceList"]>("/languages"),
  countries: () => get<Schemas["PlaceList"]>("/countries"),
  certificates: () => get<Schemas["PlaceList"]>("/certificates"),
  person: (id: string) => get<Schemas["Person"]>(`/people/${id}`),
  people: (q: string, signal?: AbortSignal) => get<Schemas["PersonList"]>("/people", { q, limit: 8 }, signal),
  suggestions: (text: string, signal?: AbortSignal) =>
    request<Schemas["SuggestionFile"]>("GET", suggestionPath(text), signal ? { signal } : {}),

  recommendations: (query: URLSearchParams, seen: Seen, signal?: AbortSignal) =>
    getIfChanged<Recommendations>("/recommendations", seen, query, signal),
  answerReason: (film: number, because: number, say: Say | null, key: string) =>
    request<Schemas["AnsweredReason"]>(
      say === null ? "DELETE" : "PUT",
      `${V1}/recommendations/${film}/because/${because}`,
      { ...(say === null ? {} : { body: { say } }), headers: { "Idempotency-Key": key }, makesGuest: true },
    ),
  answeredReasons: (signal?: AbortSignal) =>
    get<Schemas["PastReasonList"]>("/recommendations/because", { limit: 100 }, signal),
  noteShown: (films: readonly { film: number; rank: number }[]) =>
    request<void>("POST", `${V1}/recommendations/shown`, { body: { films } }),
  record: (signal?: AbortSignal) => get<Tried>("/recommendations/record", undefined, signal),
  eraseRecord: () => request<void>("DELETE", `${V1}/recommendations/record`),

  library: (query: Query, signal?: AbortSignal) => get<Schemas["EntryList"]>("/library", query, signal),
  say: (film: number, patch: Patch, key: string) =>
    request<Said>("PATCH", `${V1}/library/${film}`, {
      body: patch,
      headers: { "Idempotency-Key": key },
      makesGuest: true,
    }),
  forget: (film: number) => request<void>("DELETE", `${V1}/library/${film}`, { makesGuest: true }),
  changes: (query: Query, signal?: AbortSignal) =>
    get<Schemas["ChangeList"]>("/library/changes", query, signal),
  undo: (change: number) =>
    request<Said>("POST", `${V1}/library/changes/${change}/undo`, { makesGuest: true }),

  sources: (signal?: AbortSignal) => get<Sources>("/sources", undefined, signal),
  switchSource: (name: string, change: { on: boolean; forget?: boolean }) =>
    request<Source>("PATCH", `${V1}/sources/${name}`, { body: change }),
  testSource: (name: string) => request<Tested>("POST", `${V1}/sources/${name}/test`),
  failedJobs: (signal?: AbortSignal) => get<Jobs>("/jobs", { state: "failed", limit: 100 }, signal),
  retryJob: (id: number) => request<Schemas["Retried"]>("POST", `${V1}/jobs/${id}/retry`),

  session: () => get<Schemas["Session"]>("/session"),
  forgetSession: () => request<void>("DELETE", `${V1}/session`),
};
