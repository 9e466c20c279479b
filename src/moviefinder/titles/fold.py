"""Folding: the one form in which titles, names and queries are compared.

Case, accents, punctuation, apostrophes and the ways of writing "and" go; words stay, in any script, with one space
between them. An article is kept, because "a b" should find *A Beautiful Mind* before *Batman*, but it always stands in
front: "Godfather, The" folds to "the godfather". Where it must not count, as in comparing whole titles, `bare` takes
it away; the index counts it as a word that may be missing.
"""

import re
import unicodedata

ARTICLES = frozenset(
    "the a an der die das den dem ein eine le la les l un une el los las una il lo gli uno o os um uma "
    "de het een en ett det".split()
)
"""Leading words that never decide a match: English, German, French, Spanish, Italian, Portuguese, Dutch, Nordic."""

_APOSTROPHES = "'’‘ʼʻ`´′"
_ELISION = re.compile(rf"\b([ld])[{_APOSTROPHES}](?=\w)")
_RAISED_DIGIT = re.compile(r"[²³¹¼-¾⁰⁴-⁹⅐-⅞]")
_INITIALS = re.compile(r"(?<![^\W_])(?<![^\W_][.*·])(?:[^\W\d_][.*·])+[^\W\d_](?![^\W_])")
_PLUS = re.compile(r"(?<=\w)\s*\+\s*(?=\w)")
_LETTERS = {
    "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ŋ": "n", "ı": "i",
    "ĸ": "k", "ß": "ss", "ə": "e", "&": " and ",
}  # fmt: skip
"""Letters that Unicode does not take apart, by what people type for them."""


class _Characters(dict[int, str]):
    """What becomes of each decomposed character, worked out when first met (for `str.translate`)."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if character in _LETTERS:
            folded = _LETTERS[character]
        elif character in _APOSTROPHES or category in ("Cf", "Me"):
            folded = ""
        elif category[0] == "M":
            folded = "" if _is_accent(character) else character
        else:
            folded = character if category[0] in "LN" else " "
        if code < 0x3000:  # bounds the memory that strange queries can claim
            self[code] = folded
        return folded


def _is_accent(mark: str) -> bool:
    """Tell marks that people leave out from vowel signs and the like, which are part of the word.

    By canonical combining class: 1 overlays, 10 to 36 Hebrew and Arabic points, 200 and over accents; kept are
    nuktas, voicing marks and viramas (7 to 9), Thai to Tibetan vowels (84 to 132) and all spacing signs (0).
    """
    combining = unicodedata.combining(mark)
    return combining == 1 or 10 <= combining <= 36 or combining >= 200 or "\ufe00" <= mark <= "\ufe0f"


_CHARACTERS = _Characters()


def fold(text: str) -> str:
    """Fold a title, a name or a query; folding twice is folding once.

    "WALL·E" gives "wall e", "M*A*S*H" "mash", "Amélie" "amelie", "L'Avventura" "l avventura", "8½" "8 1 2",
    "Romeo + Juliet" "romeo and juliet", "Godfather, The" "the godfather". A text of symbols alone keeps them ("$").
    Takes time linear in the length of the text.
    """
    folded = _fold_once(text)
    while not folded.isascii() and (again := _fold_once(folded)) != folded:
        folded = again  # a rare script needs a second turn before nothing changes any more
    return folded


def bare(folded: str) -> str:
    """Give a folded text without its leading article, unless there is nothing else."""
    first, _, rest = folded.partition(" ")
    return rest if rest and first in ARTICLES else folded


def _fold_once(text: str) -> str:
    text = text.casefold()
    head, comma, tail = text.rpartition(",")
    if comma and head.strip() and (article := tail.strip().rstrip(_APOSTROPHES)) in ARTICLES:
        text = f"{article} {head}"
    text = _ELISION.sub(r"\1 ", text)
    text = _INITIALS.sub(lambda match: re.sub(r"[.*·]", "", match[0]), text)
    text = _PLUS.sub(" and ", text)
    if text.isascii():
        return " ".join(text.translate(_CHARACTERS).split()) or _symbols(text)
    text = _RAISED_DIGIT.sub(r" \g<0>", text)
    for apostrophe in "´`":  # these two decompose into a space and an accent
        text = text.replace(apostrophe, "")
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join(unicodedata.normalize("NFC", plain.translate(_CHARACTERS)).split()) or _symbols(text)


def _symbols(text: str) -> str:
    """Give the symbols of a text that has nothing else ("$", "***"), so that it can be found all the same."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c)[0] in "SPL")
