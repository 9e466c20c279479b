"""What somebody typed, taken apart: words, which of them may be missing, a year, other ways to write a number."""

from dataclasses import dataclass

from moviefinder.titles.fold import ARTICLES, bare, fold

LONGEST = 200
"""Characters of a query that are used; the longest title of the catalogue has about half as many."""

MOST_WORDS = 16

_NUMBERS = (
    "1 i one|2 ii two|3 iii three|4 iv four|5 v five|6 vi six|7 vii seven|8 viii eight|9 ix nine|10 x ten|"
    "11 xi eleven|12 xii twelve|13 xiii thirteen"
)
_OTHER_FORMS = {
    form: tuple(other for other in forms.split() if other != form)
    for forms in _NUMBERS.split("|")
    for form in forms.split()
}
_ONE_LETTER = ("i", "v", "x")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word of a query."""

    text: str
    last: bool  # may still be typed
    optional: bool  # an article or "and": a title without it fits as well, nearly
    place: int  # expected position in the title, from 0 after a leading article; -1 is that article


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A folded query."""

    words: tuple[Word, ...]  # never empty
    joined: str  # all words without spaces
    joined_bare: str  # the same without a leading article
    year: int | None  # the last word, where it may be a year and is not alone


def parse(text: str) -> Query | None:
    """Take a query apart; None when nothing is left of it."""
    folded = fold(text[:LONGEST])
    texts = folded.split()[:MOST_WORDS]
    if not texts:
        return None
    folded = " ".join(texts)
    shift = 0 if bare(folded) == folded else 1
    last = len(texts) - 1
    return Query(
        words=tuple(
            Word(
                text=word,
                last=n == last,
                optional=n < last and (word in ARTICLES or word == "and"),
                place=n - shift,
            )
            for n, word in enumerate(texts)
        ),
        joined="".join(texts),
        joined_bare="".join(texts[shift:]),
        year=year_in(texts[last]) if last else None,
    )


def year_in(word: str) -> int | None:
    """Give the year that a word may stand for."""
    return (
        int(word)
        if len(word) == 4 and word.isascii() and word.isdigit() and "1870" <= word <= "2099"
        else None
    )


def years_beginning_with(word: str) -> tuple[int, int] | None:
    """Give the first and last year that two or three typed digits may become."""
    if not (2 <= len(word) <= 3 and word.isascii() and word.isdigit() and word[:2] in ("18", "19", "20")):
        return None
    span = 10 ** (4 - len(word))
    return int(word) * span, int(word) * span + span - 1


def other_forms(word: Word) -> tuple[str, ...]:
    """Give the other ways to write a small number: "2" for "ii" and "two".

    A title does not begin with a Roman number of one letter: "10" does not mean *X-Men*.
    """
    forms = _OTHER_FORMS.get(word.text, ())
    if word.place > 0:
        return forms
    return () if word.text in _ONE_LETTER else tuple(form for form in forms if form not in _ONE_LETTER)
