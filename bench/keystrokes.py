"""Typing over the titles of the catalogue, some of it with an error: what the search is measured on."""

import random
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from moviefinder.titles.fold import bare

ERRORS = ("wrong", "missing", "extra", "swapped")
Draw = Literal["known", "any"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """One title as somebody types it, key by key."""

    meant: str  # folded, without its article
    typed: str  # folded; with or without the article, perhaps with an error
    draw: Draw
    error_at: int | None  # the first letter that is not right; None: all are

    def prefixes(self, first: int = 2) -> list[str]:
        """Give what stands in the search box after each key but spaces, from the second on."""
        ends = range(min(first, len(self.typed)), len(self.typed) + 1)
        return [self.typed[:end] for end in ends if self.typed[end - 1] != " "]

    def at(self, share: float) -> str:
        """Give what stands there when this share of the title is typed, two letters at least."""
        return self.typed[: max(2, round(share * len(self.typed)))].rstrip()


def draw_typings(
    folded: Sequence[str], n: int, *, errors: float, seed: int, first_letter: bool = False
) -> list[Typing]:
    """Draw titles and type them.

    Half of them are drawn by popularity (likelihood 1 / (rank + 50)), as searches are, half at random, so that
    little-known films count. Half of those with an article are typed without it.

    Args:
        folded: titles in the order of popularity.
        n: how many.
        errors: share of typings with one error, of the four kinds alike, in any letter of a word of three letters or
            more (where there is one).
        seed: of the random numbers.
        first_letter: let every error be a wrong first letter of a word.
    """
    rng = random.Random(seed)
    known = rng.choices(range(len(folded)), [1 / (rank + 50) for rank in range(len(folded))], k=n // 2)
    chosen = [(position, "known") for position in known] + [
        (rng.randrange(len(folded)), "any") for _ in range(n - n // 2)
    ]
    typings = []
    for position, draw in chosen:
        meant = bare(folded[position])
        typed = folded[position] if rng.random() < 0.5 else meant
        error_at = None
        if rng.random() < errors:
            typed, error_at = misspell(typed, rng, first_letter=first_letter)
        typings.append(
            Typing(meant=meant, typed=typed, draw="known" if draw == "known" else "any", error_at=error_at)
        )
    return typings


def misspell(text: str, rng: random.Random, *, first_letter: bool = False) -> tuple[str, int]:
    """Put one error into a folded text; gives the text and the position of the first letter that differs."""
    words = text.split()
    long = [n for n, word in enumerate(words) if len(word) >= 3] or [
        max(range(len(words)), key=lambda n: len(words[n]))
    ]
    chosen = rng.choices(long, [len(words[n]) for n in long])[0]
    word = words[chosen]
    while True:
        kind = "wrong" if first_letter else rng.choice(ERRORS)
        at = 0 if first_letter else rng.randrange(len(word))
        letter = rng.choice(string.digits if word[at].isdigit() else string.ascii_lowercase)
        if kind == "wrong":
            changed = word[:at] + letter + word[at + 1 :]
        elif kind == "missing" and len(word) > 1:
            changed = word[:at] + word[at + 1 :]
        elif kind == "extra":
            changed = word[:at] + letter + word[at:]
        else:
            changed = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
        if changed != word:
            break
    before = " ".join(words[:chosen])
    differs = next(
        (n for n, (a, b) in enumerate(zip(word, changed, strict=False)) if a != b),
        min(len(word), len(changed)),
    )
    return " ".join([*words[:chosen], changed, *words[chosen + 1 :]]), len(before) + bool(before) + differs
