"""Placing films by what is known of them: stand-ins speak, as loud as fame lets expect, and keep to kind and era."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.recommend.content import placed
from moviefinder.recommend.evidence import Together
from moviefinder.recommend.traits import Traits


def traits_of(worlds, *, votes=None, years=None, series=(), mean=3.5):
    """Films of two worlds that are wholly like each other within, and hardly beyond."""
    n = len(worlds)
    alike = np.where(np.equal.outer(worlds, worlds), 0.9, 0.1).astype(np.float32)
    return Traits(
        refs=tuple(f"imdb:tt{film:07d}" for film in range(n)),
        likeness=lambda start, end: alike[start:end].copy(),
        votes=np.array(votes if votes is not None else [500] * n, np.float32),
        mean=np.full(n, mean, np.float32),
        year=np.array(years if years is not None else [2000] * n, np.int16),
        is_series=np.isin(np.arange(n), series),
    )


def learned(worlds, rated, likes=100.0):
    """Rated films speak for those of their own world, the first of it most."""
    films = np.array(rated, np.int64)
    own = np.array([worlds[film] for film in rated])
    weights = np.equal.outer(own, own) * np.linspace(1, 0.5, len(rated))[None]
    weights = weights.astype(np.float32)
    np.fill_diagonal(weights, 0)
    counted = Together(
        films=films, likes=np.full(len(rated), likes, np.float32), counts=np.zeros_like(weights)
    )
    return weights, counted


def place(worlds, rated, *, likes=100.0, **known):
    """What each film says for each, for few likes told: float32[n, n]."""
    weights, counted = learned(worlds, rated, likes)
    every = placed(weights, weights * np.float32(0.1), counted, traits_of(worlds, **known))
    return every.rows(0, len(worlds))[0]


HALF = [0, 1] * 10


def test_what_was_learned_stays():
    """To the last bit but for what is added; with many likes that is little."""
    rated = list(range(16))
    weights, _ = learned(HALF, rated)
    rows = place(HALF, rated, likes=1e6)
    assert rows[:16, :16] == pytest.approx(weights, abs=1e-3)


def test_an_unrated_film_speaks_for_its_own_world_and_is_spoken_for_by_it():
    """As the rated films that are like it."""
    rows = place(HALF, range(16))
    for film in (16, 17, 18, 19):
        own = np.flatnonzero(np.equal(HALF, HALF[film]))
        own, others = own[own < 16], np.setdiff1d(np.arange(16), own)
        assert rows[film, own].min() > 5 * rows[film, others].max()
        assert rows[own, film].min() > 5 * rows[others, film].max()


def test_a_better_known_film_is_spoken_for_louder():
    """Where the rated ones show that fame counts."""
    fame = [2000 - 90 * film for film in range(18)]
    rows = place(HALF, range(16), votes=[*fame, 3000, 30])
    rows_swapped = place(HALF, range(16), votes=[*fame, 30, 3000])
    assert rows[:16, 18].sum() > rows_swapped[:16, 18].sum()
    assert rows[:16, 19].sum() < rows_swapped[:16, 19].sum()


def test_a_film_with_ratings_of_its_own_needs_no_stand_ins():
    """The more people like it, the less they add."""
    weights, _ = learned(HALF, range(16))
    added = [np.abs(place(HALF, range(16), likes=likes)[:16, :16] - weights).sum() for likes in (4, 40, 400)]
    assert added[0] > 2 * added[1] > 4 * added[2] > 0


def test_series_speak_for_series():
    """What they say for movies is faint, also where ratings say it."""
    worlds = [0] * 20
    series = [0, 2, *range(16, 20)]
    rows = place(worlds, range(16), series=series)
    movies = np.setdiff1d(np.arange(20), series)
    for film in series:
        others = [other for other in series if other != film]
        assert rows[film, others].min() > 2 * rows[film, movies].max()


def test_a_film_of_today_speaks_less_for_those_of_long_ago():
    """And they for it, if few people rated it."""
    worlds = [0] * 20
    years = [2018, 1990] * 8 + [2024, 2024, 2024, 1991]
    rows = place(worlds, range(16), years=years, votes=[500] * 16 + [0] * 4)
    late, early = np.arange(0, 16, 2), np.arange(1, 16, 2)
    assert rows[16, late].sum() > 3 * rows[16, early].sum()
    assert rows[late, 16].sum() > 3 * rows[early, 16].sum()
    assert rows[16, 17] > 3 * rows[16, 19]


def test_a_film_that_had_no_time_is_heard_louder_than_one_that_nobody_liked():
    """Silence of those who had twenty years speaks against a film."""
    old = place(HALF, range(16), votes=[500] * 20)
    young = place(HALF, range(16), votes=[500] * 18 + [0, 500])
    assert young[:16, 18].sum() > old[:16, 18].sum()


def test_without_any_rating_likeness_alone_places():
    """Better known films of the same world first."""
    rows = place(HALF, [], votes=[1000 - 50 * film for film in range(20)])
    assert rows[0, 2] > rows[0, 4] > rows[0, 1] > 0


@given(st.integers(0, 19), st.integers(1, 20))
def test_rows_do_not_depend_on_the_block_they_are_asked_in(start, count):
    """A film's row is its own."""
    whole = place(HALF, range(16))
    weights, counted = learned(HALF, range(16))
    every = placed(weights, weights, counted, traits_of(HALF))
    end = min(start + count, 20)
    assert every.rows(start, end)[0] == pytest.approx(whole[start:end], rel=1e-5)


@given(st.lists(st.integers(0, 1), min_size=1, max_size=12), st.data())
def test_every_weight_is_a_number(worlds, data):
    """Whatever films are rated, of whatever year and fame."""
    n = len(worlds)
    some = st.lists(st.sampled_from(range(n)), unique=True).map(sorted)
    rows = place(
        worlds,
        data.draw(some),
        likes=data.draw(st.sampled_from([3.0, 1000.0])),
        votes=data.draw(st.lists(st.sampled_from([0, 1, 10**6]), min_size=n, max_size=n)),
        years=data.draw(st.lists(st.sampled_from([0, 1900, 2025]), min_size=n, max_size=n)),
        series=data.draw(some),
    )
    assert np.isfinite(rows).all()
    assert (rows >= 0).all()
