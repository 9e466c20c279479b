/** Chance that is the same every time. */

/** Numbers from 0 up to 1, and picks. */
export interface Random {
  (): number;
  between(least: number, most: number): number;
  of<T>(choices: readonly T[]): T;
}

/** FNV-1a of the text seeds mulberry32 (both public domain). */
export function randomFrom(text: string): Random {
  let state = 2166136261;
  for (let index = 0; index < text.length; index += 1) {
    state = Math.imul(state ^ text.charCodeAt(index), 16777619);
  }
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  // Numbers in shapes are whole or halves: nobody sees more, and every digit is a byte.
  const between = (least: number, most: number): number =>
    Math.round((least + next() * (most - least)) * 2) / 2;
  const of = <T>(choices: readonly T[]): T => {
    const chosen = choices[Math.floor(next() * choices.length)];
    if (chosen === undefined) throw new RangeError("Nothing to choose from.");
    return chosen;
  };
  return Object.assign(next, { between, of });
}
