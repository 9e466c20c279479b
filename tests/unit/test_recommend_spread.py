"""The dials: what they lean and what they leave."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.recommend import best
from moviefinder.recommend.lists import SimilarLists
from moviefinder.recommend.spread import KNOWN, SPREAD, arrange, leaned

N = 300
DIALS = st.floats(0, 1)


def neighbours(seed=0):
    """Lists of ten neighbours each, drawn near by."""
    rng = np.random.default_rng(seed)
    lists = [rng.choice(np.setdiff1d(np.arange(N), [film]), 10, replace=False) for film in range(N)]
    return SimilarLists(
        np.arange(N),
        np.arange(0, 10 * N + 1, 10),
        np.concatenate(lists).astype(np.int32),
        rng.integers(1, 256, 10 * N).astype(np.uint8),
    )


LISTS = neighbours()


def drawn(seed, found=N):
    """Values of films, of which some are not found."""
    rng = np.random.default_rng(seed)
    values = rng.exponential(1, N).astype(np.float32)
    values[rng.permutation(N)[found:]] = 0
    return values


VALUES = st.builds(drawn, st.integers(0, 99), st.sampled_from([0, 1, 5, 120, N]))


@given(VALUES, st.integers(1, 50))
def test_untouched_dials_leave_the_order(values, count):
    """What the engine says is what is shown."""
    assert (KNOWN, SPREAD) == (0.5, 0.0)
    assert arrange(values, count, LISTS).tolist() == best(values, count).tolist()


@given(VALUES, st.integers(1, 120), DIALS, DIALS)
def test_no_film_comes_twice_and_none_that_was_not_found(values, count, known, spread):
    """As many as are wanted, or as there are."""
    positions = arrange(values, count, LISTS, known=known, spread=spread)
    assert len(set(positions.tolist())) == len(positions) == min(count, int((values > 0).sum()))
    assert (values[positions] > 0).all()


@given(VALUES, DIALS, DIALS, st.lists(st.integers(1, 30), min_size=1, max_size=6), st.randoms())
def test_parts_of_a_list_join_to_the_whole(values, known, spread, parts, random):
    """However it is cut, and in whatever order the cursor names what was shown."""
    whole = arrange(values, sum(parts), LISTS, known=known, spread=spread).tolist()
    joined = []
    for count in parts:
        ahead = values.copy()
        ahead[joined] = 0
        before = np.array(random.sample(joined, len(joined)), np.int64)
        joined += arrange(ahead, count, LISTS, known=known, spread=spread, before=before).tolist()
    assert joined == whole


def test_known_leans_to_the_well_known():
    """The mean place of the first twenty falls with every step of the dial."""
    steps = np.linspace(0, 1, 9)
    means = [
        np.mean([arrange(drawn(seed), 20, LISTS, known=known).mean() for seed in range(40)])
        for known in steps
    ]
    assert means == sorted(means, reverse=True)
    assert means[0] > 2 * means[-1]


@given(VALUES, DIALS, st.integers(0, N - 2))
def test_known_changes_nothing_between_films_of_equal_value_but_their_fame(values, known, at):
    """The better known gains from the dial's upper half and loses from its lower."""
    values[at], values[at + 1] = 1, 1
    first, second = leaned(values, known)[[at, at + 1]]
    assert (first >= second) if known >= KNOWN else (first <= second)


@given(VALUES, DIALS)
def test_known_finds_and_loses_no_film(values, known):
    """A list leaned by it has as many films."""
    assert ((leaned(values, known) > 0) == (values > 0)).all()


def test_the_farther_the_dial_the_less_alike_the_films():
    """By the similar lists, over many lists of twenty; the first film stays."""

    def alike(positions):
        shown = set(positions.tolist())
        return sum(
            int(weight)
            for film in shown
            for target, weight in zip(
                LISTS.targets[10 * film : 10 * film + 10],
                LISTS.weights[10 * film : 10 * film + 10],
                strict=True,
            )
            if target in shown
        )

    found = []
    for spread in (0, 0.5, 1):
        lists = [arrange(drawn(seed), 20, LISTS, spread=spread) for seed in range(40)]
        assert [int(positions[0]) for positions in lists] == [int(drawn(seed).argmax()) for seed in range(40)]
        found.append(sum(map(alike, lists)))
    assert found[0] > found[1] > found[2]


def test_what_is_like_a_shown_film_counts_less():
    """By the weight of its neighbour, here the whole."""
    lists = SimilarLists(
        np.arange(3), np.array([0, 1, 1, 1]), np.array([1], np.int32), np.array([255], np.uint8)
    )
    values = np.array([3, 2, 1.5], np.float32)
    assert arrange(values, 3, lists, spread=0.2).tolist() == [0, 1, 2]
    assert arrange(values, 3, lists, spread=1).tolist() == [0, 2, 1]


@pytest.mark.parametrize("spread", [0, 0.3, 1])
def test_the_same_request_gives_the_same_list(spread):
    """Also where all values are equal: then the better known come first."""
    values = np.ones(N, np.float32)
    once = arrange(values, 50, LISTS, spread=spread).tolist()
    assert once == arrange(values.copy(), 50, neighbours(), spread=spread).tolist()
    assert once[0] == 0
