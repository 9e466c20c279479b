"""Lists laid over others are as if they had been there from the start; the lists of several sources become one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.recommend import Places, Taste
from moviefinder.recommend.lists import OWN, PLACED, SimilarLists, merged
from moviefinder.recommend.votes import Votes


def lists_of(rows):
    """Similar lists from rows {target: weight}."""
    offsets = np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64)
    targets = np.array([target for row in rows for target in row], np.int32)
    weights = np.array([weight for row in rows for weight in row.values()], np.uint8)
    return SimilarLists(np.arange(len(rows)), offsets, targets, weights)


def over(lists, n, rows):
    """Lists with those of some films {film: {target: weight}} laid over them, of n films in all."""
    return lists.laid_over(
        Places(np.arange(n)),
        np.array(list(rows), np.int64),
        np.array([len(row) for row in rows.values()], np.int64),
        np.array([target for row in rows.values() for target in row], np.int32),
        np.array([weight for row in rows.values() for weight in row.values()], np.uint8),
    )


@st.composite
def worlds(draw):
    """A few films with lists, two rounds of changes, and a taste."""
    known, new = draw(st.integers(1, 6)), draw(st.integers(0, 4))
    n = known + new

    def rows(films, among):
        row = st.dictionaries(st.integers(0, among - 1), st.integers(1, 255), max_size=4)
        return {film: {to: w for to, w in draw(row).items() if to != film} for film in films}

    base = list(rows(range(known), known).values())
    first = rows(draw(st.sets(st.integers(0, n - 1))), n)
    second = rows(draw(st.sets(st.integers(0, n - 1))), n)
    film = st.integers(0, n - 1)
    taste = Taste(
        liked=draw(st.dictionaries(film, st.just(1.0), min_size=1, max_size=4)),
        disliked=draw(st.dictionaries(film, st.just(1.0), max_size=2)),
    )
    return n, base, first, second, taste


@given(worlds())
def test_lists_laid_over_others_are_as_if_they_had_always_been_there(world):
    """For values and reasons, near and far, also where two layers lie over each other."""
    n, base, first, second, taste = world
    laid = over(over(lists_of(base), n, first), n, second)
    rows = base + [{}] * (n - len(base))
    whole = lists_of([second.get(film, first.get(film, row)) for film, row in enumerate(rows)])
    for film in range(n):
        assert [column.tolist() for column in laid.named(film)] == [
            column.tolist() for column in whole.named(film)
        ]
    for far in (False, True):
        given_laid, given_whole = (Votes(lists).values(taste, far=far) for lists in (laid, whole))
        assert given_laid == pytest.approx(given_whole, abs=1e-6)
    reasons_laid, reasons_whole = (Votes(lists).explain(taste, np.arange(n)) for lists in (laid, whole))
    for film in range(n):
        assert dict(reasons_laid[film]) == pytest.approx(dict(reasons_whole[film]))


USUAL = np.array([60, 40, 30], np.float32)


def merged_by_hand(**lists):
    """The merged list of lists of pairs."""
    columns = {
        source: (np.array([film for film, _ in of], np.int64), np.array([w for _, w in of], np.uint8))
        for source, of in lists.items()
    }
    ids, weights = merged(columns, USUAL)
    return list(zip(ids.tolist(), weights.tolist(), strict=True))


def test_a_list_of_the_catalogue_alone_stays_as_it_is():
    """Its weights compare already."""
    assert merged_by_hand(**{OWN: [(7, 99), (3, 12)]}) == [(7, 99), (3, 12)]


def test_of_another_source_the_order_counts():
    """At each place as much as a list of the catalogue usually gives there, its last place for all beyond."""
    told = [(film, 255) for film in (5, 6, 7, 8)]
    assert merged_by_hand(tmdb=told) == [(5, 60), (6, 40), (7, 30), (8, 30)]


def test_what_several_sources_name_gets_the_sum():
    """Never more than the whole; ties go to the better place, then to the older film."""
    found = merged_by_hand(**{OWN: [(1, 250), (2, 50), (3, 40)], "tmdb": [(3, 1), (1, 1)], "imdb": [(4, 1)]})
    assert found == [(1, 255), (3, 100), (4, 60), (2, 50)]


def test_content_counts_where_nobody_else_has_a_list():
    """Else it says nothing."""
    assert merged_by_hand(**{PLACED: [(9, 255)]}) == [(9, 60)]
    assert merged_by_hand(**{PLACED: [(9, 255)], "tmdb": [(8, 255)]}) == [(8, 60)]
    assert merged_by_hand() == []


def test_the_usual_list_is_measured_from_the_lists():
    """The mean weight at each place, never rising."""
    lists = lists_of([{1: 100, 2: 50}, {0: 60}, {0: 20, 1: 70}])
    assert lists.usual.tolist() == [60, 60]
    assert lists_of([{}]).usual.tolist() == [1]
