"""Folding brings titles and queries to one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.titles.fold import bare, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("The Godfather", "the godfather"),
        ("Godfather, The", "the godfather"),
        ("Cité des enfants perdus, La", "la cite des enfants perdus"),
        ("Avventura, L'", "l avventura"),
        ("L’Avventura", "l avventura"),
        ("Amélie", "amelie"),
        ("Søren Ærø Łódź Straße", "soren aero lodz strasse"),
        ("Fast & Furious", "fast and furious"),
        ("Romeo + Juliet", "romeo and juliet"),
        ("Romeo+Juliet", "romeo and juliet"),
        ("WALL·E", "wall e"),
        ("M*A*S*H", "mash"),
        ("E.T. the Extra-Terrestrial", "et the extra terrestrial"),
        ("S.W.A.T.", "swat"),
        ("8½", "8 1 2"),
        ("8 1/2", "8 1 2"),
        ("Alien³", "alien 3"),
        ("Ocean's Eleven", "oceans eleven"),
        ("Spider-Man: Far from Home", "spider man far from home"),
        ("  two\t\n words\x00", "two words"),
        ("The", "the"),
        ("$", "$"),
        ("***", "***"),
        ("", ""),
        ("  ", ""),
        ("千と千尋の神隠し", "千と千尋の神隠し"),
        ("가을", "가을"),
        ("Сталкер", "сталкер"),
        ("ΑΓΓΕΛΟΣ", "αγγελοσ"),
        ("दंगल", "दंगल"),
        ("ﬁlm", "film"),
        ("\ud800x", "x"),
    ],
)
def test_a_title_folds_to_what_people_type(text: str, folded: str) -> None:
    """Case, accents, punctuation and the place of the article do not matter; scripts survive."""
    assert fold(text) == folded


@pytest.mark.parametrize(
    "text", ["godfather", "The Godfather", "Godfather, The", "GODFATHER", "god\u00adfather"]
)
def test_without_its_article_each_writing_is_the_same(text: str) -> None:
    """An article never tells two titles apart once it is taken away."""
    assert bare(fold(text)) == "godfather"


def test_a_title_that_is_only_an_article_stays() -> None:
    """Taking the article away never leaves nothing."""
    assert bare(fold("The")) == "the"
    assert bare("") == ""


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    """Folded text is a fixed point, whatever was folded."""
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.sampled_from("aTheld'’,. *·+&½é́İıßǅⅫ①가が゙\u0345")))
def test_folding_awkward_characters_twice_is_folding_once(text: str) -> None:
    """The characters that the rules are about make no exception."""
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_folded_words_are_parted_by_single_spaces(text: str) -> None:
    """Nothing but one space stands between words, and none at the ends."""
    assert fold(text) == " ".join(fold(text).split())


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1))
def test_letters_of_any_script_leave_something(text: str) -> None:
    """No writing system folds to nothing."""
    assert fold(text)


@pytest.mark.parametrize("piece", ["a.", "a,", "the, ", "l'", "+a", "½", "ﷺ"])
def test_a_long_text_folds_in_linear_time(piece: str) -> None:
    """No pattern backtracks: a hundred thousand characters are folded at once."""
    assert fold(piece * (100_000 // len(piece)))
