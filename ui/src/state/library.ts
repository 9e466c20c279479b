/** What the reader said of films: shown at once, sent behind, taken back when the server refuses. */
import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import {
  type Answers,
  ApiError,
  api,
  type Counts,
  type Entry,
  type Film,
  type Patch,
  type Pending,
  type Said,
  type Shelf,
} from "../api.ts";
import { go, signInHere } from "./address.ts";
import { forgetUndo, forgetUndos, notify, notifyUndoable } from "./notices.ts";
import { enqueue, isKnown, writeKey, written } from "./outbox.ts";
import { type Key, t } from "./strings.ts";

export const NOTHING_SAID: Answers = {
  verdict: null,
  seen: false,
  seen_on: null,
  saved: false,
  snoozed_until: null,
  taste: true,
  rating: null,
};

/** An answer on its way: what it does to the answers before it. */
type Step = (before: Answers) => Answers;

interface Cell {
  /** What the server last said; null while it was not asked. */
  confirmed: Answers | null;
  /** Of what was confirmed; an answer that was overtaken on its way here has a smaller one. */
  version: number;
  steps: Step[];
  shown: Signal<Answers>;
}

const cells = new Map<number, Cell>();

function cellOf(film: number): Cell {
  let cell = cells.get(film);
  if (!cell) {
    cell = { confirmed: null, version: 0, steps: [], shown: signal(NOTHING_SAID) };
    cells.set(film, cell);
  }
  return cell;
}

/** The answers to show for a film: the server's, with those still on their way. */
export function answersTo(film: number): ReadonlySignal<Answers> {
  return cellOf(film).shown;
}

export function isSnoozed(answers: Answers, today = new Date()): boolean {
  return answers.snoozed_until !== null && answers.snoozed_until >= isoDay(today);
}

/** A film that was liked or fine counts as seen, whatever the tick says. */
export function isSeen(answers: Answers): boolean {
  return answers.seen || answers.verdict === "liked" || answers.verdict === "fine";
}

/** Whether a film is settled: such films are never recommended. */
export function isDecided(answers: Answers): boolean {
  return answers.verdict !== null || answers.seen || answers.saved || isSnoozed(answers);
}

export function isOn(answers: Answers, shelf: Shelf): boolean {
  if (shelf === "seen") return isSeen(answers);
  if (shelf === "saved") return answers.saved;
  if (shelf === "snoozed") return isSnoozed(answers);
  return answers.verdict === shelf;
}

export function isoDay(day: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** *Not tonight* puts off for two weeks. */
export function inTwoWeeks(today = new Date()): string {
  return isoDay(new Date(today.getFullYear(), today.getMonth(), today.getDate() + 14));
}

const SHELVES: readonly Shelf[] = ["liked", "fine", "disliked", "seen", "saved", "snoozed"];
export const counts = signal<Counts>({ liked: 0, fine: 0, disliked: 0, seen: 0, saved: 0, snoozed: 0 });

let areCounted = false;
let moves = 0;

/** Asks how many films are on each shelf, unless that is known. An answer that something said has overtaken is none. */
export async function learnCounts(): Promise<void> {
  while (!areCounted) {
    await written();
    const before = moves;
    const page = await api.library({ limit: 1 });
    if (moves === before) takeCounts(page.counts);
  }
}

export function takeCounts(known: Counts): void {
  areCounted = true;
  counts.value = known;
}

type Listener = (film: Film, before: Answers, after: Answers) => void;
const listeners = new Set<Listener>();

/** Calls `listener` whenever what is shown for a film changes by something said or taken back in this page. */
export function whenSaid(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

type Keeper = (film: Film, pending: Pending | undefined) => void;
const keepers = new Set<Keeper>();

/** Calls `listener` whenever the server has kept an answer, with what it now looks up because of it. */
export function whenKept(listener: Keeper): () => void {
  keepers.add(listener);
  return () => keepers.delete(listener);
}

function settle(film: Film): void {
  const cell = cellOf(film.id);
  const before = cell.shown.peek();
  const after = cell.steps.reduce((answers, step) => step(answers), cell.confirmed ?? NOTHING_SAID);
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  moves += 1;
  batch(() => {
    cell.shown.value = after;
    const moved = { ...counts.peek() };
    for (const shelf of SHELVES) moved[shelf] += Number(isOn(after, shelf)) - Number(isOn(before, shelf));
    counts.value = moved;
    for (const listener of listeners) listener(film, before, after);
  });
}

function answersIn(entry: Entry | null): Answers {
  if (!entry) return NOTHING_SAID;
  const { verdict, seen, seen_on, saved, snoozed_until, taste, rating } = entry;
  return { verdict, seen, seen_on, saved, snoozed_until, taste, rating };
}

/** Takes in what the server knows. Answers on their way stay on top of it. */
export function learn(entries: readonly Entry[], asked: readonly number[] = []): void {
  batch(() => {
    const known = new Map(entries.map((entry) => [entry.film.id, entry]));
    for (const film of new Set([...known.keys(), ...asked])) {
      const cell = cellOf(film);
      const entry = known.get(film) ?? null;
      if (cell.confirmed !== null && (entry?.version ?? 0) <= cell.version) continue;
      cell.version = entry?.version ?? 0;
      cell.confirmed = answersIn(entry);
      cell.shown.value = cell.steps.reduce((answers, step) => step(answers), cell.confirmed);
    }
  });
}

/** The API takes at most so many `film=` at once. */
const MOST_ASKED = 100;

/** Asks for the answers to films that are about to be shown and were not asked for yet. */
export async function learnAbout(films: readonly Film[], signal?: AbortSignal): Promise<void> {
  const asked = films.map((film) => film.id).filter((id) => cellOf(id).confirmed === null);
  for (let start = 0; start < asked.length; start += MOST_ASKED) {
    const some = asked.slice(start, start + MOST_ASKED);
    const page = await api.library({ film: some, limit: MOST_ASKED }, signal);
    learn(page.items, some);
  }
}

/** Everything said is unknown again, as after a session that ended. */
export function forgetEverything(): void {
  batch(() => {
    for (const cell of cells.values()) {
      cell.confirmed = null;
      cell.version = 0;
      cell.steps = [];
      cell.shown.value = NOTHING_SAID;
    }
    counts.value = { liked: 0, fine: 0, disliked: 0, seen: 0, saved: 0, snoozed: 0 };
    areCounted = false;
    isKnown.value = false;
  });
  forgetUndos();
}

export function refusalText(error: unknown): string {
  if (error instanceof ApiError) return error.detail || t("failed.refused");
  return t("failed.away");
}

/** Sends one step; what is shown goes back when the server refuses or is away. */
async function send(film: Film, step: Step, call: () => Promise<Said>): Promise<Said> {
  const cell = cellOf(film.id);
  cell.steps = [...cell.steps, step];
  settle(film);
  let answer: Said | null = null;
  try {
    answer = await enqueue(film.id, call);
    cell.confirmed = answersIn(answer.entry);
    cell.version = answer.entry?.version ?? cell.version;
    return answer;
  } finally {
    cell.steps = cell.steps.filter((one) => one !== step);
    settle(film);
    if (answer) for (const listener of keepers) listener(film, answer.pending);
  }
}

/** The sentence for what a patch says, for the notice: "Liked Heat." */
export function sentenceFor(film: Film, patch: Patch): string {
  return t(sentenceKey(patch), { title: film.title });
}

function sentenceKey(patch: Patch): Key {
  if (patch.verdict !== undefined)
    return patch.verdict === null ? "said.verdict_none" : `said.${patch.verdict}`;
  if (patch.saved !== undefined) return patch.saved ? "said.saved" : "said.saved_none";
  if (patch.snoozed_until !== undefined) return patch.snoozed_until ? "said.snoozed" : "said.snoozed_none";
  if (patch.taste !== undefined) return patch.taste ? "said.friend_none" : "said.friend";
  if (patch.rating !== undefined) return patch.rating === null ? "said.rating_none" : "said.rating";
  return patch.seen === false ? "said.seen_none" : "said.seen";
}

/** Says something of a film. Shown at once; a notice offers to undo it, or says that it was not kept. */
export function say(film: Film, patch: Patch): Promise<void> {
  return undoable(
    film,
    sentenceFor(film, patch),
    (before) => ({ ...before, ...patch }),
    () => api.say(film.id, patch, writeKey()),
    () => void say(film, patch),
  );
}

/** Forgets all that was said of a film. */
export function forget(film: Film): Promise<void> {
  return undoable(
    film,
    t("said.forgotten", { title: film.title }),
    () => NOTHING_SAID,
    // The answer to a DELETE is empty; the change that undoes it is the newest one of this film.
    async () => {
      await api.forget(film.id);
      const newest = (await api.changes({ limit: 20 })).items.find((change) => change.film.id === film.id);
      return { entry: null, change: newest ? { id: newest.id } : null };
    },
    () => void forget(film),
  );
}

async function undoable(
  film: Film,
  text: string,
  step: Step,
  call: () => Promise<Said>,
  again: () => void,
): Promise<void> {
  const before = answersTo(film.id).peek();
  const said = send(film, step, call);
  const notice = notifyUndoable(text, t("undo"), () => void takeBack(film, said, before));
  try {
    await said;
  } catch (error) {
    forgetUndo(notice);
    notify(t("said.not_kept", { title: film.title, why: refusalText(error) }), {
      isFailure: true,
      action:
        error instanceof ApiError && error.status === 401
          ? { label: t("nav.sign_in"), run: () => go(signInHere.peek()) }
          : { label: t("again"), run: again },
    });
  }
}

async function takeBack(film: Film, said: Promise<Said>, before: Answers): Promise<void> {
  let wasKept = false;
  try {
    await send(
      film,
      () => before,
      async () => {
        const { change } = await said;
        wasKept = true;
        return change ? await api.undo(change.id) : { entry: null, change: null };
      },
    );
    notify(t("said.undone", { title: film.title }));
  } catch (error) {
    // What was refused needs no undoing, and has said so itself.
    if (wasKept)
      notify(t("said.not_undone", { title: film.title, why: refusalText(error) }), { isFailure: true });
  }
}

/** Takes back a change from the history; gives whether the server did. */
export async function undoChange(change: {
  id: number;
  film: Film;
  before: Answers | null;
}): Promise<boolean> {
  const before = change.before ?? NOTHING_SAID;
  try {
    await send(
      change.film,
      () => before,
      () => api.undo(change.id),
    );
    notify(t("said.undone", { title: change.film.title }));
    return true;
  } catch (error) {
    notify(t("said.not_undone", { title: change.film.title, why: refusalText(error) }), { isFailure: true });
    return false;
  }
}
