"""Titles in layers are found as if they stood in one index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.records import Kind
from moviefinder.titles.index import TitleIndex, TitleRow
from moviefinder.titles.layers import Titles

WORDS = "the dark river 2 night of heat matrix x ii love 1999".split()
QUERIES = [
    *(
        "dark",
        "the dark",
        "darkriver",
        "rivre",
        "heat 1999",
        "night of",
        "love x",
        "the matrix 2",
        "dark river 2 night",
    ),
    *("h", "matrix zzz", "dorknight", "199", "of the", "ii"),
]


def titles_of(film, texts, *, popularity=None, kind=Kind.MOVIE, year=1999):
    """The rows of one film; the first title is the main one."""
    return tuple(
        TitleRow(film_id=film, folded=text, year=year, kind=kind, popularity=popularity, is_main=n == 0)
        for n, text in enumerate(dict.fromkeys(texts))
    )


def names(found):
    """The films of a search."""
    return [match.film_id for match in found]


text = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
some_titles = st.lists(text, min_size=1, max_size=2)


@given(
    st.lists(some_titles, max_size=12),
    st.lists(st.tuples(st.integers(1, 16), st.none() | some_titles), max_size=8),
    st.integers(0, 8),
    st.sampled_from(QUERIES),
    st.sampled_from([None, *Kind]),
    st.integers(1, 12),
)
def test_layers_answer_as_one_index_of_all_titles(base, changes, earlier, query, kind, limit):
    """The same films in the same order with the same fit, whatever changed, once or twice."""

    def kind_of(film):
        return Kind.SERIES if film % 3 == 0 else Kind.MOVIE

    rows = {
        film: titles_of(film, texts, popularity=film, kind=kind_of(film))
        for film, texts in enumerate(base, 1)
    }
    titles = Titles.of(TitleIndex.build(row for of in rows.values() for row in of))
    laid, last = titles, {}
    for round_ in (changes[:earlier], changes):
        last = {
            film: titles_of(film, texts or (), popularity=film if film in rows else None, kind=kind_of(film))
            for film, texts in round_
        }
        laid = titles.laid_over(last, laid if laid is not titles else None)
    whole = TitleIndex.build(
        [row for of in (rows | last).values() for row in of], unranked=titles.base.last_rank + 1
    )
    assert laid.search(query, kind=kind, limit=limit) == whole.search(query, kind=kind, limit=limit)


@pytest.mark.parametrize(("films", "found"), [(12, []), (3, [99])])
def test_what_is_forgiven_is_decided_on_all_layers_together(films, found):
    """Where enough films answer what was typed, errors in the spaces between words are looked for in no layer."""
    rows = {n: titles_of(n, [f"dark river {n}"], popularity=n) for n in range(1, films + 1)}
    base = Titles.of(TitleIndex.build(row for of in rows.values() for row in of))
    laid = base.laid_over({99: titles_of(99, ["darkrver"])})
    assert sorted(names(laid.search("dark river", limit=20))) == [*rows, *found]


def test_a_renamed_film_is_found_by_its_new_name_alone():
    """And once."""
    base = Titles.of(TitleIndex.build([*titles_of(1, ["heat"], popularity=1), *titles_of(2, ["night"])]))
    laid = base.laid_over({1: titles_of(1, ["dark river", "dark"], popularity=1)})
    assert names(laid.search("heat")) == []
    assert names(laid.search("dark")) == [1]
    assert names(base.search("heat")) == [1]


def test_a_film_that_is_gone_or_barred_is_not_found():
    """Neither in the base nor in what was laid over it before."""
    base = Titles.of(TitleIndex.build(titles_of(1, ["heat"], popularity=1)))
    first = base.laid_over({1: (), 2: titles_of(2, ["heat wave"])})
    assert names(first.search("heat")) == [2]
    assert names(base.laid_over({1: (), 2: ()}, first).search("heat")) == []
    assert names(base.laid_over({1: ()}, first).search("heat")) == []


def test_the_lower_layer_stays_while_few_films_change():
    """And is made anew when many have."""
    base = Titles.of(TitleIndex.build(titles_of(1, ["heat"], popularity=1)))
    rows = {film: titles_of(film, [f"film {film}"]) for film in range(2, 1_002)}
    first = base.laid_over(rows)
    second = base.laid_over(rows | {5: titles_of(5, ["renamed"])}, first)
    assert second.settled is first.settled
    assert names(second.search("renamed")) == [5]
    assert base.laid_over(dict(rows), second).settled is first.settled
    many = rows | {film: titles_of(film, [f"other {film}"]) for film in range(2, 302)}
    third = base.laid_over(many, second)
    assert third.settled is not first.settled
    assert names(third.search("other 7"))[0] == 7


def test_nothing_is_made_where_no_title_changed():
    """Facts and lists change far more often than titles."""
    base = Titles.of(TitleIndex.build(titles_of(1, ["heat"], popularity=1)))
    first = base.laid_over({2: titles_of(2, ["night"])})
    assert base.laid_over({2: titles_of(2, ["night"])}, first) is first
