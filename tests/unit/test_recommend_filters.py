"""Filters as masks: what is unknown never passes, and arrays survive being written down."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.recommend.filters import Codes, FilmFacts, Filters, OneFilm, count, pack, unpack
from moviefinder.records import Kind

FACTS = FilmFacts(
    ids=np.array([10, 20, 30, 40]),
    is_series=np.array([False, False, True, False]),
    year=np.array([1999, 0, 2010, 1950], np.int16),
    runtime_min=np.array([136, 90, 0, 100], np.int16),
    score=np.array([850, 0, 700, 500], np.int16),
    votes=np.array([1000, 0, 10, 5], np.int32),
    genres=Codes.of(4, [(0, "action"), (0, "sci-fi"), (2, "drama"), (3, "action")]),
    languages=Codes.of(4, [(0, "en"), (2, "de"), (2, "fr")]),
    countries=Codes.of(4, [(0, "US")]),
    certificates=Codes.of(4, [(0, "R"), (3, "PG")]),
)


def passing(**filters):
    """Ids that pass, and those whose value is unknown, of one filter."""
    [(_, mask, known)] = list(FACTS.masks(Filters(**filters), {7: np.array([0, 2]), 8: np.array([2])}))
    unknown = [] if known is None else FACTS.ids[~unpack(known, 4)].tolist()
    return FACTS.ids[unpack(mask, 4)].tolist(), unknown


@pytest.mark.parametrize(
    ("filters", "expected", "unknown"),
    [
        ({"kind": Kind.SERIES}, [30], []),
        ({"kind": Kind.MOVIE}, [10, 20, 40], []),
        ({"genre": ("action",)}, [10, 40], [20]),
        ({"genre": ("action", "sci-fi")}, [10], [20]),
        ({"genre": ("western",)}, [], [20]),
        ({"genre_out": ("action",)}, [30], [20]),
        ({"language": ("de", "en")}, [10, 30], [20, 40]),
        ({"country": ("US",)}, [10], [20, 30, 40]),
        ({"certificate": ("R", "X")}, [10], [20, 30]),
        ({"person": (7,)}, [10, 30], []),
        ({"person": (7, 8)}, [30], []),
        ({"year_min": 1999}, [10, 30], [20]),
        ({"year_max": 1999}, [10, 40], [20]),
        ({"runtime_max": 100}, [20, 40], [30]),
        ({"runtime_min": 101}, [10], [30]),
        ({"score_min": 7.0}, [10, 30], [20]),
        ({"score_min": 0.0}, [10, 30, 40], [20]),
        ({"votes_min": 10}, [10, 30], [20]),
        ({"votes_min": 2**40}, [], [20]),
        ({"runtime_max": 32_767}, [10, 20, 40], [30]),
    ],
)
def test_a_filter_passes_what_it_names_and_nothing_unknown(filters, expected, unknown):
    """Each filter by itself."""
    assert passing(**filters) == (expected, unknown)


@given(st.lists(st.booleans(), max_size=300))
def test_bits_give_their_mask_back(films):
    """Of any length; nothing beyond the last film is set."""
    mask = np.array(films, bool)
    assert unpack(pack(mask), len(mask)).tolist() == films
    assert count(pack(mask)) == sum(films)


def test_masks_are_not_spoilt_by_being_combined():
    """They are kept for the next request, and more of them than are kept begin anew."""
    for year in range(1, 1200):
        list(FACTS.masks(Filters(year_min=year, kind=Kind.SERIES), {}))
    assert passing(year_min=1999) == ([10, 30], [20])
    assert len(FACTS._kept) <= 1_000


def test_no_filter_is_no_mask():
    """Nothing set, nothing asked."""
    assert list(FACTS.masks(Filters(), {})) == []


def test_facts_come_back_from_their_arrays():
    """What is written to a file is what is read."""
    again = FilmFacts.from_arrays(FACTS.to_arrays())
    assert again.genres.counts() == {"action": 2, "drama": 1, "sci-fi": 1}
    assert [unpack(mask, 4).tolist() for _, mask, _ in again.masks(Filters(language=("fr",)), {})] == [
        [False, False, True, False]
    ]


def test_an_empty_set_of_codes_comes_back_empty():
    """No code at all is not one empty code."""
    empty = Codes.of(3, [])
    assert Codes.from_arrays(3, "x", empty.to_arrays("x")).counts() == {}


films = st.fixed_dictionaries(
    {
        "is_series": st.booleans(),
        "year": st.integers(0, 3),
        "score": st.integers(0, 1000),
        "genres": st.lists(st.sampled_from("abc"), unique=True, max_size=2),
        "countries": st.lists(st.sampled_from("xy"), unique=True, max_size=2),
        "certificates": st.lists(st.sampled_from("PR"), max_size=1),
    }
)


def facts_of(rows):
    """Facts of films from nothing but rows, positions rising."""
    none = {name: Codes.of(0, []) for name in ("genres", "languages", "countries", "certificates")}
    empty = FilmFacts(
        ids=np.empty(0, np.int64),
        is_series=np.empty(0, bool),
        year=np.empty(0, np.int16),
        runtime_min=np.empty(0, np.int16),
        score=np.empty(0, np.int16),
        votes=np.empty(0, np.int32),
        **none,
    )
    return empty.laid_over(np.arange(len(rows)), {at: OneFilm(**row) for at, row in enumerate(rows)})


@given(st.lists(films, max_size=6), st.dictionaries(st.integers(0, 5), films), st.lists(films, max_size=3))
def test_facts_laid_over_others_are_as_if_they_had_always_been_there(base, changed, new):
    """Columns, codes and what is known, of changed films and of new ones."""
    changed = {at: row for at, row in changed.items() if at < len(base)}
    rows = [changed.get(at, row) for at, row in enumerate(base)] + new
    over = changed | {len(base) + at: row for at, row in enumerate(new)}
    laid = facts_of(base).laid_over(np.arange(len(rows)), {at: OneFilm(**row) for at, row in over.items()})
    whole = facts_of(rows)
    for name in ("ids", "is_series", "year", "score"):
        assert getattr(laid, name).tolist() == getattr(whole, name).tolist()
        assert getattr(laid, name).dtype == getattr(whole, name).dtype
    for name in ("genres", "countries", "certificates"):
        ours, theirs = getattr(laid, name), getattr(whole, name)
        assert ours.counts() == theirs.counts()
        assert ours.known.tolist() == theirs.known.tolist()
        for code in ours.counts():
            assert sorted(ours.positions()[code].tolist()) == sorted(theirs.positions()[code].tolist())
            assert ours.mask(code).tolist() == theirs.mask(code).tolist()
