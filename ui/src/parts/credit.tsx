/** The words by which a source wants to be named, its addresses as links. They are its own, so not translated. */
export function Credit({ words }: { words: string }) {
  return (
    <span lang="en">
      {words.split(/(https:\/\/[^\s)]+)/).map((part) =>
        part.startsWith("https://") ? (
          <a key={part} href={part} target="_blank" rel="noopener noreferrer">
            {part.slice("https://".length)}
          </a>
        ) : (
          part
        ),
      )}
    </span>
  );
}
