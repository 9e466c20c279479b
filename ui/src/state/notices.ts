/** Short messages at the foot of the page, and what `u` takes back. */
import { computed, signal } from "@preact/signals";

/** Long enough to read and reach: 8 s at least, and a little for the way in. */
export const NOTICE_MS = 8_500;

export interface Notice {
  id: number;
  text: string;
  isFailure: boolean;
  action: { label: string; run: () => void } | null;
}

export const notices = signal<readonly Notice[]>([]);
/** Set while a pointer or the focus is on a notice: it must not go away under somebody's hand. */
export const isHeld = signal(false);

const timers = new Map<number, ReturnType<typeof setTimeout>>();
let lastId = 0;

export function dismiss(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
  notices.value = notices.value.filter((notice) => notice.id !== id);
  if (notices.value.length === 0) isHeld.value = false;
}

function expire(id: number): void {
  timers.set(
    id,
    setTimeout(() => (isHeld.peek() ? expire(id) : dismiss(id)), NOTICE_MS),
  );
}

export function notify(
  text: string,
  options: { action?: Notice["action"]; isFailure?: boolean } = {},
): number {
  lastId += 1;
  const id = lastId;
  notices.value = [
    ...notices.value,
    { id, text, action: options.action ?? null, isFailure: options.isFailure ?? false },
  ];
  expire(id);
  return id;
}

/** What only screen readers say: something has changed on the screen that nobody touched. */
export const announcement = signal("");

export function announce(text: string): void {
  announcement.value = text;
}

interface Undoable {
  notice: number;
  undo: () => void;
}
const undoables = signal<readonly Undoable[]>([]);
export const canUndo = computed(() => undoables.value.length > 0);

/** Says what was done, with a way to take it back; the way stays open to `u` after the notice has gone. */
export function notifyUndoable(text: string, label: string, undo: () => void): number {
  const once = () => {
    if (!undoables.peek().some((one) => one.notice === id)) return;
    forgetUndo(id);
    undo();
  };
  const id = notify(text, { action: { label, run: once } });
  undoables.value = [...undoables.value, { notice: id, undo: once }];
  return id;
}

/** Takes an undo off the list, for example because the change itself was refused. */
export function forgetUndo(notice: number): void {
  undoables.value = undoables.value.filter((one) => one.notice !== notice);
  dismiss(notice);
}

/** Nothing can be taken back any more, as after a session that ended. */
export function forgetUndos(): void {
  undoables.value = [];
}

/** Takes back the last change that was not taken back yet; false when there is none. */
export function undoLast(): boolean {
  const last = undoables.peek().at(-1);
  last?.undo();
  return last !== undefined;
}
