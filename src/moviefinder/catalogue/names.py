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

SERIES_LISTED_AS_MOVIES: Final[frozenset[str]] = frozenset()
"""IMDb ids of series that the data sets list as movies; checked by hand, the best known ones only."""

_ARTICLES: Final = "The|A|An|La|Le|Les|L'|Un|Une|Des|Der|Die|Das|Ein|Eine|El|Los|Las|Lo|Il|I|Gli|Uno|Una|O|Os|As|Um|Uma|De|Het|Een|Den|Det|En|Et"
_TRAILING_ARTICLE: Final = re.compile(
    rf"^(?P<name>[^:]+?), (?P<article>{_ARTICLES})(?P<rest>:.*)?$", re.IGNORECASE
)
_YEAR: Final = re.compile(r"\s*\((?:19|20|18)\d\d(?:\s*[-–]\s*(?:\d{4})?)?\)\s*$")
_LAST_BRACKET: Final = re.compile(r"^(?P<before>.*\S)\s*\((?P<inside>(?:[^()]|\([^()]*\))+)\)$")
_ALSO_KNOWN_AS: Final = re.compile(r"^a\.?\s?k\.?\s?a\.?:?\s+", re.IGNORECASE)
_MISREAD_ALSO_KNOWN_AS: Final = re.compile(r"^(?:\S+ )?a\.k\.a\.? ", re.IGNORECASE)
_COMMON: Final = 4  # a word in so many listed main titles is taken for English: they are nearly all English


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """A film's names; no two of them fold to the same."""

    title: str
    original_title: str | None
    alternative_titles: tuple[str, ...]


def read_names(*, title: str, original_title: str, listed: str, english: frozenset[str]) -> Names:
    """Sort out what a film is called.

    Args:
        title: the name of the film facts, to be shown.
        original_title: what the film facts take for the original title; may be a bracket misread.
        listed: the name as MovieLens lists it, with brackets and year; empty when it does not.
        english: folded words that are common in English titles, from `common_words`.
    """
    title = with_article_first(title)
    main, brackets, also_known = _parts(listed)
    if original_title in brackets or with_article_first(original_title) in brackets:
        original_title = ""
    if _MISREAD_ALSO_KNOWN_AS.match(original_title):
        original_title = ""
    foreign = [name for name in brackets if _foreignness(name, english) > _foreignness(title, english)]
    if not original_title and foreign:
        original_title = max(foreign, key=lambda name: _foreignness(name, english))
    if original_title in ("", title):
        original_title = ""
    taken = {fold(title), fold(original_title)} if original_title else {fold(title)}
    others = []
    for name in [main, *brackets, *also_known]:
        if name and fold(name) and fold(name) not in taken:
            taken.add(fold(name))
            others.append(name)
    return Names(title=title, original_title=original_title or None, alternative_titles=tuple(others))


def with_article_first(name: str) -> str:
    """ "Power of Nightmares, The: The Rise" -> "The Power of Nightmares: The Rise"."""
    match = _TRAILING_ARTICLE.match(name)
    if match is None:
        return name
    gap = "" if match["article"].endswith("'") else " "
    return f"{match['article']}{gap}{match['name']}{match['rest'] or ''}"


def common_words(listed: Iterable[str]) -> frozenset[str]:
    """Folded words that stand in several main titles, so that foreign ones can be told by their rarity."""
    counts = Counter(word for name in listed for word in set(fold(_parts(name)[0]).split()))
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


def _foreignness(name: str, english: frozenset[str]) -> float:
    """Share of the words that are not common in English titles, from 0 to 1."""
    words = fold(name).split()
    return sum(word not in english for word in words) / len(words) if words else 0.0
