/** Signs drawn on a grid of 24, in the ink of their surroundings. They are never the only word for anything. */
const PATHS = {
  liked:
    "M7 10.5v9.5H4a1 1 0 0 1-1-1v-7.5a1 1 0 0 1 1-1zm2 0 4-7.3c1.7 0 2.7 1.3 2.4 2.9L14.7 9.5H19a2 2 0 0 1 2 2.4l-1.3 6.5A2 2 0 0 1 17.7 20H9z",
  disliked:
    "M17 13.5V4h3a1 1 0 0 1 1 1v7.5a1 1 0 0 1-1 1zm-2 0-4 7.3c-1.7 0-2.7-1.3-2.4-2.9l.7-3.4H5a2 2 0 0 1-2-2.4l1.3-6.5A2 2 0 0 1 6.3 4H15z",
  fine: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM8.3 9.7v.6M15.7 9.7v.6M8 15h8",
  save: "M12 5v14M5 12h14",
  saved: "M5 12.5l4.7 4.7L19 7.5",
  trailer: "M4 5h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zm6 4v6l5-3z",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  close: "M6 6l12 12M18 6 6 18",
  search: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5 20 20",
  filter: "M4 7h16M7 12h10M10 17h4",
  sun: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  auto: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zm0 0v18",
  keys: "M4 6h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1zM7 10h.01M12 10h.01M17 10h.01M8 14h8",
  home: "M4 5h7v9H4zM13 5h7v5h-7zM13 12h7v7h-7zM4 16h7v3H4z",
  films: "M5 4h14v16l-7-4.5L5 20z",
  about: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 11v5.5M12 7.5v.01",
  person: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4.5 20.5c.6-3.7 3.6-5.5 7.5-5.5s6.9 1.8 7.5 5.5",
  undo: "M8 5 4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-3",
  out: "M9 5H5v14h14v-4M13 4h7v7M20 4l-9 9",
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name, isFilled = false }: { name: IconName; isFilled?: boolean }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill={isFilled ? "currentColor" : "none"}
        stroke="currentColor"
        stroke-width={name === "more" ? 3 : 1.7}
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
