"""Which passwords are too weak to be taken: too short, among the common ones, or a common word with trimmings.

No rules of composition: length is what counts, and not being what everybody tries first (OWASP ASVS 5.0.0, 6.2).
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Final

from moviefinder.config import Settings
from moviefinder.errors import Invalid

MOST_BYTES: Final = 1_024

OWN: Final = ("moviefinder", "moviefinders")
"""What people of this install would think of first."""

LEAST_STEPS: Final = 5
"""Fewer new characters than that, once runs are told as one, are a pattern and no password: 1234567890, aaaabbbb."""

MOST_PADDING: Final = 9
"""New characters around a word from which on they are a password of their own."""

_ROWS: Final = ("`1234567890-=", "qwertyuiop[]", "qwertzuiopü", "asdfghjkl;'", "zxcvbnm,./", "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p")  # fmt: skip
_NEXT: Final = frozenset(
    pair for row in _ROWS for one, other in pairwise(row) for pair in (one + other, other + one)
)
"""Keys side by side."""

_PIECES: Final = re.compile(r"[^\W\d_]+")


def check_new(plain: str, *, email: str | None, name: str | None, settings: Settings) -> None:
    """See that a password may be taken.

    Args:
        plain: as it was typed.
        email: of the account; its name is the first thing that others try.
        name: of the person.

    Raises:
        Invalid: it may not; says why, and what to take.
    """
    if len(plain) < settings.password_length:
        raise _refused(
            "short",
            f"A password needs {settings.password_length} characters. Several words in a row are easy to keep in mind.",
        )
    if len(plain.encode()) > MOST_BYTES:
        raise _refused(
            "long", f"A password may have {MOST_BYTES} bytes, and this one has more. Take a shorter one."
        )
    folded = unicodedata.normalize("NFKC", plain).casefold()
    if folded in _common():
        raise _refused(
            "common",
            "This password is among the most common ones. Take several words that nobody else would.",
        )
    unit = _unit(folded)
    if _steps(unit) < LEAST_STEPS:
        raise _refused(
            "pattern", "This password repeats itself or counts up. Take several words that nobody else would."
        )
    words = {*OWN, *_words_of(email), *_words_of(name)}
    letters = "".join(character for character in folded if character.isalpha())
    for stem in {_stem(folded), _stem(unit), _unit(letters)}:
        rest = folded.replace(stem, "")
        if (stem in words or stem in _common()) and _steps(rest) <= MOST_PADDING:
            raise _refused(
                "word",
                "This password is a word that others would try, with something added. Take several words.",
            )


def _refused(why: str, message: str) -> Invalid:
    """With one word for why, so that a page can say it in its reader's language."""
    refused = Invalid(message, field="password")
    refused.more = {"why": why}
    return refused


@cache
def _common() -> frozenset[str]:
    """The common passwords of at least eight characters; see DATA-LICENSES.md."""
    packed = resources.files("moviefinder").joinpath("shipped/common-passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().split("\n")) - {""}


def _words_of(text: str | None) -> Iterable[str]:
    """The words in an e-mail address or a name that are long enough to be one."""
    if not text:
        return []
    folded = unicodedata.normalize("NFKC", text).casefold()
    local = folded.partition("@")[0]
    pieces = _PIECES.findall(folded)
    return {word for word in (folded, local, "".join(_PIECES.findall(local)), *pieces) if len(word) >= 3}


def _unit(text: str) -> str:
    """What a text repeats: the shortest beginning that gives all of it, said over and over.

    By the borders of its beginnings, in linear time (Knuth, Morris and Pratt, 1977).
    """
    borders, border = [0] * len(text), 0
    for at in range(1, len(text)):
        while border and text[at] != text[border]:
            border = borders[border - 1]
        border += text[at] == text[border]
        borders[at] = border
    period = len(text) - (borders[-1] if borders else 0)
    return text[:period] if 2 * period <= len(text) else text


def _steps(text: str) -> int:
    """How many characters are new: those that go on a run (the same again, up, down, along a row of keys) are not."""
    return len(_runs(text))


def _runs(text: str) -> Sequence[str]:
    """A text as runs, each as long as it goes on; a run of two is two of one."""
    runs: list[str] = []
    for character in text:
        last = runs[-1] if runs else ""
        if last and _goes_on(last, character):
            runs[-1] = last + character
        else:
            runs.append(character)
    return runs


def _goes_on(run: str, character: str) -> bool:
    kinds = _steps_between(run[-1], character)
    return bool(kinds if len(run) == 1 else kinds & _steps_between(run[-2], run[-1]))


def _steps_between(one: str, other: str) -> set[str]:
    """The ways in which two characters follow on each other in a pattern."""
    apart = ord(other) - ord(one)
    kinds = {str(apart)} if apart in (-1, 0, 1) else set()
    return kinds | {"key"} if one + other in _NEXT else kinds


def _stem(text: str) -> str:
    """What is left once digits, signs and runs of three are taken from both ends."""
    runs = list(_runs(text))

    def is_padding(run: str) -> bool:
        return len(run) >= 3 or not any(character.isalpha() for character in run)

    while runs and is_padding(runs[0]):
        runs.pop(0)
    while runs and is_padding(runs[-1]):
        runs.pop()
    signs = {character for character in text if not character.isalpha()}
    return "".join(runs).strip("".join(signs))
