"""Names of films as MovieLens writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.catalogue.names import common_words, read_names, with_article_first
from moviefinder.titles.fold import fold

ENGLISH = common_words(
    ["City of God the"] * 3 + ["Pig Crimson Seven Hate Tension High Switchblade Romance Slate Clean"] * 3
)


def names(listed: str, title: str = "", original_title: str = ""):
    """What is made of a listed name."""
    return read_names(title=title, original_title=original_title, listed=listed, english=ENGLISH)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("Matrix, The", "The Matrix"),
        ("Avventura, L'", "L'Avventura"),
        ("Librarian, The: The Curse of the Judas Chalice", "The Librarian: The Curse of the Judas Chalice"),
        ("Nightmare on Elm Street 3: Dream Warriors, A", "A Nightmare on Elm Street 3: Dream Warriors"),
        ("Mad Adventures of Rabbi Jacob, the", "The Mad Adventures of Rabbi Jacob"),
        ("Me, You, Them", "Me, You, Them"),
        ("Die, Mommie, Die!", "Die, Mommie, Die!"),
    ],
)
def test_an_article_at_the_end_goes_to_the_front(listed, expected):
    """Also before a subtitle and in other languages; a comma alone is no article."""
    assert with_article_first(listed) == expected


def test_a_foreign_name_in_brackets_is_the_original_title():
    """Its own article is put in front, too."""
    found = names("Hate (Haine, La) (1995)")
    assert (found.title, found.original_title, found.alternative_titles) == ("Hate", "La Haine", ())


def test_also_known_as_is_an_alternative_title():
    """The shown title may be the one that MovieLens calls the other."""
    found = names("Seven (a.k.a. Se7en) (1995)", title="Se7en")
    assert (found.title, found.original_title, found.alternative_titles) == ("Se7en", None, ("Seven",))


def test_of_several_brackets_the_foreign_one_is_the_original_title():
    """Wherever it stands; an English one is an alternative."""
    assert names("Porco Rosso (Crimson Pig) (Kurenai no buta) (1992)").original_title == "Kurenai no buta"
    found = names("High Tension (Haute tension) (Switchblade Romance) (2003)")
    assert (found.original_title, found.alternative_titles) == ("Haute tension", ("Switchblade Romance",))


def test_an_english_name_of_a_foreign_title_is_no_original_title():
    """The film "Coup de torchon (Clean Slate)" is called Coup de torchon where it comes from."""
    found = names("Coup de torchon (Clean Slate) (1981)")
    assert (found.original_title, found.alternative_titles) == (None, ("Clean Slate",))


def test_a_bracket_inside_the_title_stays():
    """Only brackets at the end are other names."""
    found = names("Evangelion: 1.0 You Are (Not) Alone (Evangerion shin gekijôban: Jo) (2007)")
    assert found.title == "Evangelion: 1.0 You Are (Not) Alone"
    assert found.original_title == "Evangerion shin gekijôban: Jo"


def test_a_known_original_title_is_kept():
    """What the facts are sure of is not guessed again."""
    assert (
        names("City of God (Another) (2002)", original_title="Cidade de Deus").original_title
        == "Cidade de Deus"
    )


@given(st.text(max_size=40), st.text(max_size=60), st.text(max_size=40))
def test_no_two_names_of_a_film_fold_alike(title, listed, original_title):
    """Whatever the data sets hold."""
    found = names(listed, title=title, original_title=original_title)
    others = [fold(name) for name in found.alternative_titles]
    assert len(set(others)) == len(others)
    assert fold(found.title) not in others
    assert fold(found.original_title or found.title) not in others
