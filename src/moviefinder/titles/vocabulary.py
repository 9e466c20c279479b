"""A sorted vocabulary that knows which of its words begin with what was typed, give or take one error."""

from bisect import bisect_left
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_AFTER_ALL = "\U0010ffff"


class Error(IntEnum):
    """What went wrong in typing; `NONE` is a word typed as it is written."""

    NONE = 0
    SWAPPED = 1
    MISSING = 2
    WRONG = 3
    EXTRA = 4


class Span(NamedTuple):
    """Words at positions start to end (without), all reached by the same error at the same letter."""

    start: int
    end: int
    whole: bool  # the first of them is typed to its end
    error: Error
    at: int  # position of the error in what was typed


class Vocabulary:
    """Words in the order of their code points; a word may stand in it several times.

    Words within one error are not looked for in a table of variants, which would be many times the size of the
    vocabulary, but by following the sorted words letter by letter: at each letter only those that really follow are
    tried. Typing "haet" takes about 150 binary searches.
    """

    __slots__ = ("words",)

    def __init__(self, text: NDArray[np.uint8]) -> None:
        """Take the words as UTF-8, one a line."""
        self.words = text.tobytes().decode().split("\n") if len(text) else []

    def beginning_with(self, prefix: str) -> Span:
        """Give the words that begin with this, as it is."""
        start = bisect_left(self.words, prefix)
        end = bisect_left(self.words, prefix + _AFTER_ALL, start)
        return Span(start, end, start < end and self.words[start] == prefix, Error.NONE, 0)

    def end_of_equals(self, span: Span) -> int:
        """Give the position after the last word of a span that equals its first, where that one is whole."""
        return (
            bisect_left(self.words, self.words[span.start] + "\0", span.start, span.end)
            if span.whole
            else span.start
        )

    def within_one_error(self, typed: str) -> list[Span]:
        """Give the words whose beginning is typed with one wrong, missing, extra or swapped letter.

        A wrong letter must be of the right one's block of 256 code points: a Latin letter does not stand for a
        Chinese sign. Spans may overlap; none is empty. The error may be in the first letter and in the last.
        """
        words, spans = self.words, list[Span]()

        def probe(variant: str, start: int, end: int, error: Error, at: int) -> None:
            start = bisect_left(words, variant, start, end)
            if start < end and words[start].startswith(variant):
                end = bisect_left(words, variant + _AFTER_ALL, start, end)
                spans.append(Span(start, end, words[start] == variant, error, at))

        start, end = 0, len(words)
        for at, letter in enumerate(typed):
            before, after, block = typed[:at], typed[at + 1 :], ord(letter) & ~0xFF
            if before or after:
                probe(before + after, start, end, Error.EXTRA, at)
            if after and after[0] != letter:
                probe(before + after[0] + letter + after[1:], start, end, Error.SWAPPED, at)
            position = bisect_left(words, before + chr(block), start, end)
            while position < end:
                follower = words[position][at]
                if ord(follower) & ~0xFF != block:
                    break
                last = bisect_left(words, before + chr(ord(follower) + 1), position, end)
                if follower != letter:
                    probe(before + follower + after, position, last, Error.WRONG, at)
                    probe(before + follower + letter + after, position, last, Error.MISSING, at)
                position = last
            start = bisect_left(words, before + letter, start, end)
            end = bisect_left(words, before + letter + _AFTER_ALL, start, end)
            if start == end:
                break
        return spans
