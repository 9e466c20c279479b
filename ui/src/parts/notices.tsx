import { announcement, dismiss, isHeld, type Notice, notices } from "../state/notices.ts";
import { t } from "../state/strings.ts";
import { Icon } from "./icon.tsx";

function Row({ notice }: { notice: Notice }) {
  return (
    <div class={`notice ${notice.isFailure ? "is-failure" : ""}`}>
      <p>{notice.text}</p>
      {notice.action && (
        <button
          type="button"
          onClick={() => {
            dismiss(notice.id);
            notice.action?.run();
          }}
        >
          {notice.action.label}
        </button>
      )}
      <button type="button" class="round" aria-label={t("notice.close")} onClick={() => dismiss(notice.id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

/** Messages at the foot. Both regions are always there, or a screen reader would miss what appears in them. */
export function Notices() {
  const hold = (held: boolean) => () => {
    isHeld.value = held;
  };
  const rows = (isFailure: boolean) =>
    notices.value
      .filter((notice) => notice.isFailure === isFailure)
      .map((notice) => <Row key={notice.id} notice={notice} />);
  return (
    <>
      <div
        class="notices"
        onPointerEnter={hold(true)}
        onPointerLeave={hold(false)}
        onFocusIn={hold(true)}
        onFocusOut={hold(false)}
      >
        <div role="status" aria-live="polite">
          {rows(false)}
        </div>
        <div role="alert">{rows(true)}</div>
      </div>
      <p class="unseen" role="status">
        {announcement.value}
      </p>
    </>
  );
}
