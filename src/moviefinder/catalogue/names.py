"""Names of films as MovieLens writes them: articles put back, names in brackets told apart.

MovieLens writes "City of God (Cidade de Deus) (2002)", "Seven (a.k.a. Se7en) (1995)" and "Godfather, The (1972)". The
film facts took the first bracket as original title, whatever it was; here all brackets are read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from moviefinder.titles.fold import fold

_ARTICLES: Final = (
    "The|A|An|La|Le|Les|L'|Un|Une|Des|Der|Die|Das|Ein|Eine|El|Los|Las|Lo|Il|I|Gli|Uno|Una|O|Os|As|Um|Uma|De|Het|Een"
    "|Den|Det|En|Et"
)
_TRAILING_ARTICLE: Final = re.compile(
    rf"^(?P<name>.+?), (?P<article>{_ARTICLES})$|^(?P<first>[^:]+?), (?P<its>{_ARTICLES})(?P<rest>:.*)$",
    re.IGNORECASE,
)
_YEAR: Final = re.compile(r"\s*\((?:19|20|18)\d\d(?:\s*[-–]\s*(?:\d{4})?)?\)\s*$")
_LAST_BRACKET: Final = re.compile(r"^(?P<before>.*\S)\s*\((?P<inside>(?:[^()]|\([^()]*\))+)\)$")
_ALSO_KNOWN_AS: Final = re.compile(r"^a\.?\s?k\.?\s?a\.?:?\s+", re.IGNORECASE)
_COMMON: Final = 3  # a word in so many titles of American films is taken for English
_STRANGE: Final = 0.4  # so many of its words are not, or it is no original title but another English one


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """A film's names; no two of them fold to the same."""

    title: str
    original_title: str | None
    alternative_titles: tuple[str, ...]


def read_names(*, title: str, original_title: str, listed: str, english: frozenset[str]) -> Names:
    """Sort out what a film is called.

    Args:
        title: the name to be shown; empty to take it from `listed`.
        original_title: the original title where it is known for sure; empty to look for it among the brackets.
        listed: the name as MovieLens lists it, with brackets and year; empty when it does not.
        english: folded words that are common in English titles, from `common_words`.
    """
    main, brackets, also_known = _parts(listed)
    title = with_article_first(title) or main
    if not original_title:
        strange = {name: _strangeness(name, english) for name in brackets}
        # Of several the strangest, of equally strange ones the first.
        original_title = max(
            (n for n in brackets if strange[n] >= _STRANGE), key=strange.__getitem__, default=""
        )
    if original_title == title:
        original_title = ""
    taken = {fold(title), fold(original_title)} if original_title else {fold(title)}
    others = []
    for name in [main, *brackets, *also_known]:
        if name and fold(name) not in taken:
            taken.add(fold(name))
            others.append(name)
    return Names(title=title, original_title=original_title or None, alternative_titles=tuple(others))


def with_article_first(name: str) -> str:
    """Put the article back: "Power of Nightmares, The: The Rise" -> "The Power of Nightmares: The Rise"."""
    match = _TRAILING_ARTICLE.match(name)
    if match is None:
        return name
    article = match["article"] or match["its"]
    gap = "" if article.endswith("'") else " "
    return f"{article[0].upper()}{article[1:]}{gap}{match['name'] or match['first']}{match['rest'] or ''}"


def common_words(titles: Iterable[str]) -> frozenset[str]:
    """Folded words that stand in several of these titles, so that foreign ones can be told by their rarity."""
    counts = Counter(word for title in titles for word in set(fold(title).split()))
    return frozenset(word for word, count in counts.items() if count >= _COMMON)


def _parts(listed: str) -> tuple[str, list[str], list[str]]:
    """The main name, the names in brackets, and those marked as also known as."""
    rest = _YEAR.sub("", listed)
    brackets: list[str] = []
    also_known: list[str] = []
    while match := _LAST_BRACKET.match(rest):
        inside, rest = match["inside"].strip(), match["before"].strip()
        plain = _ALSO_KNOWN_AS.sub("", inside)
        if len(plain) > 1 and not plain.isdigit():
            (also_known if plain != inside else brackets).insert(0, with_article_first(plain))
    return with_article_first(rest), brackets, also_known


def _strangeness(name: str, english: frozenset[str]) -> float:
    """Share of the words that are not common in English titles, from 0 to 1."""
    words = fold(name).split()
    return sum(word not in english for word in words) / len(words) if words else 0.0
