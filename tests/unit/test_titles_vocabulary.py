"""The sorted vocabulary finds exactly the words that begin with what was typed, give or take one error."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.titles.vocabulary import Error, Vocabulary

LETTERS = "abcя"
WORDS = st.lists(st.text(alphabet=LETTERS, min_size=1, max_size=7), min_size=1, max_size=60)
TYPED = st.text(alphabet=LETTERS, min_size=1, max_size=6)


def vocabulary_of(words: list[str]) -> Vocabulary:
    """Give words in order, repeated ones as well."""
    return Vocabulary(np.frombuffer("\n".join(sorted(words)).encode(), np.uint8))


def variants(typed: str) -> dict[str, set[Error]]:
    """Give everything that may be meant by what was typed with one error, by trying it all.

    A letter missing at the end is no error: what was typed is a beginning then. A wrong letter is of the same script.
    """
    found: dict[str, set[Error]] = {}
    for at, letter in enumerate(typed):
        before, after = typed[:at], typed[at + 1 :]
        script = "я" if letter == "я" else "abc"
        found.setdefault(before + after, set()).add(Error.EXTRA)
        if after:
            found.setdefault(before + after[0] + letter + after[1:], set()).add(Error.SWAPPED)
        for other in script:
            found.setdefault(before + other + after, set()).add(Error.WRONG)
            found.setdefault(before + other + letter + after, set()).add(Error.MISSING)
    return {variant: errors for variant, errors in found.items() if variant and variant != typed}


@given(words=WORDS, typed=TYPED)
def test_every_word_within_one_error_is_found_and_no_other(words: list[str], typed: str) -> None:
    """The spans hold what trying every variant finds."""
    vocabulary = vocabulary_of(words)
    spans = vocabulary.within_one_error(typed)
    found = {word for span in spans for word in vocabulary.words[span.start : span.end]}
    tried = {word for word in words if any(word.startswith(variant) for variant in variants(typed))}
    as_typed = {word for word in words if word.startswith(typed)}
    assert found | as_typed == tried | as_typed


@given(words=WORDS, typed=TYPED)
def test_each_span_says_what_went_wrong(words: list[str], typed: str) -> None:
    """A span's words begin with a variant of its kind of error, and it knows whether the first is typed to its end."""
    vocabulary = vocabulary_of(words)
    possible = variants(typed)
    for span in vocabulary.within_one_error(typed):
        assert span.start < span.end
        of_kind = [variant for variant, errors in possible.items() if span.error in errors]
        span_words = vocabulary.words[span.start : span.end]
        assert any(all(word.startswith(variant) for word in span_words) for variant in [*of_kind, typed])
        if span.whole:
            assert span_words[0] in {*of_kind, typed}


@given(words=WORDS, typed=TYPED)
def test_the_words_as_typed_are_one_span(words: list[str], typed: str) -> None:
    """The words that begin with what was typed stand together, those equal to it first."""
    vocabulary = vocabulary_of(words)
    span = vocabulary.beginning_with(typed)
    assert vocabulary.words[span.start : span.end] == sorted(word for word in words if word.startswith(typed))
    assert vocabulary.end_of_equals(span) - span.start == words.count(typed)
    assert span.whole == (typed in words)


def test_a_latin_letter_does_not_stand_for_another_script() -> None:
    """Wrong letters are looked for near the right one, or a single key would match all of Chinese."""
    vocabulary = vocabulary_of(["кот", "cat", "猫"])
    found = {
        vocabulary.words[n]
        for span in vocabulary.within_one_error("bat")
        for n in range(span.start, span.end)
    }
    assert found == {"cat"}
