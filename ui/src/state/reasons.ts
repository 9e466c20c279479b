/** Answers to reasons: the list changes in its place, and each answer can be taken back. */
import { api, type Film, type FilmName, type Recommendation, type Say } from "../api.ts";
import { learn, refusalText, say as sayOfFilm } from "./library.ts";
import { Loader } from "./loading.ts";
import { forgetUndo, notify, notifyUndoable } from "./notices.ts";
import { enqueue, writeKey } from "./outbox.ts";
import { changePick, refreshInPlace } from "./recommendations.ts";
import { t } from "./strings.ts";

type Named = Pick<Film, "id" | "title">;

/** A recommendation with a reason answered, until the server has ranked anew. */
export function answered(pick: Recommendation, because: FilmName, say: Say | null): Recommendation {
  const others = pick.not_because.filter((film) => film.id !== because.id);
  return {
    ...pick,
    not_because: say === "not" ? [...others, because] : others,
    because: pick.because
      .filter(({ film }) => say !== "not" || film.id !== because.id)
      .map((reason) => (reason.film.id === because.id ? { ...reason, say } : reason)),
  };
}

async function send(film: Named, because: FilmName, say: Say | null): Promise<Say | null> {
  changePick(film.id, (pick) => answered(pick, because, say));
  const key = writeKey();
  try {
    const { before } = await enqueue(film.id, () => api.answerReason(film.id, because.id, say, key));
    return before;
  } finally {
    // Also when it was refused: the list then shows what stands.
    void refreshInPlace();
  }
}

/** Answers a reason, or takes the answer back (null). */
export async function answerReason(film: Named, because: FilmName, say: Say | null): Promise<void> {
  const sending = send(film, because, say);
  const sentence = t(`reason.said.${say ?? "nothing"}`, { film: film.title, because: because.title });
  const notice = notifyUndoable(sentence, t("undo"), () => void undo(film, because, sending));
  try {
    await sending;
  } catch (error) {
    forgetUndo(notice);
    notify(t("reason.not_kept", { because: because.title, why: refusalText(error) }), {
      isFailure: true,
      action: { label: t("again"), run: () => void answerReason(film, because, say) },
    });
  }
}

async function undo(film: Named, because: FilmName, sending: Promise<Say | null>): Promise<void> {
  let wasKept = false;
  try {
    const before = await sending;
    wasKept = true;
    await send(film, because, before);
    notify(t("reason.undone", { because: because.title }));
  } catch (error) {
    // What was refused needs no undoing, and has said so itself.
    if (wasKept)
      notify(t("said.not_undone", { title: because.title, why: refusalText(error) }), { isFailure: true });
  }
}

/** Keeps a liked film out of the taste: that one was for a friend. */
export async function forAFriend(because: FilmName): Promise<void> {
  try {
    const { items } = await api.library({ film: [because.id], limit: 1 });
    learn(items);
    if (items[0]) await sayOfFilm(items[0].film, { taste: false });
  } catch (error) {
    notify(t("reason.not_kept", { because: because.title, why: refusalText(error) }), {
      isFailure: true,
      action: { label: t("again"), run: () => void forAFriend(because) },
    });
  }
}

const loader = new Loader<Awaited<ReturnType<typeof api.answeredReasons>>["items"]>();
/** Every answer that counts, newest first. */
export const answeredReasons = loader.state;
export const openAnsweredReasons = () =>
  loader.load(async (signal) => (await api.answeredReasons(signal)).items);
