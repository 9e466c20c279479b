import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  canUndo,
  dismiss,
  forgetUndo,
  forgetUndos,
  isHeld,
  notices,
  notify,
  notifyUndoable,
  undoLast,
} from "../src/state/notices.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  for (const notice of notices.value) dismiss(notice.id);
  forgetUndos();
  vi.useRealTimers();
});

test("a notice stays for eight seconds at least, and goes then", () => {
  notify("Saved.");
  vi.advanceTimersByTime(8_000);
  expect(notices.value).toHaveLength(1);
  vi.advanceTimersByTime(2_000);
  expect(notices.value).toHaveLength(0);
});

test("a notice does not go while a pointer or the focus is on it", () => {
  notify("Saved.");
  isHeld.value = true;
  vi.advanceTimersByTime(60_000);
  expect(notices.value).toHaveLength(1);
  isHeld.value = false;
  vi.advanceTimersByTime(10_000);
  expect(notices.value).toHaveLength(0);
});

test("undoing goes back one change at a time, also after the notices have gone", () => {
  const undone: string[] = [];
  notifyUndoable("Heat", "Undo", () => undone.push("Heat"));
  notifyUndoable("Alien", "Undo", () => undone.push("Alien"));
  vi.advanceTimersByTime(60_000);
  expect(undoLast()).toBe(true);
  expect(undoLast()).toBe(true);
  expect(undone).toEqual(["Alien", "Heat"]);
  expect(undoLast()).toBe(false);
});

test("the button of a notice and the key undo the same change once", () => {
  let times = 0;
  notifyUndoable("Heat", "Undo", () => {
    times += 1;
  });
  const button = notices.value[0]?.action;
  undoLast();
  button?.run();
  expect(times).toBe(1);
});

test("a change that was not kept is not undone", () => {
  const id = notifyUndoable("Heat", "Undo", () => {});
  forgetUndo(id);
  expect(canUndo.value).toBe(false);
  expect(notices.value).toEqual([]);
});
