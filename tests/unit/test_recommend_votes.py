"""The 2012 rule with further steps: exact parts, refused reasons, the same list every time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.recommend import Taste, ranked
from moviefinder.recommend.lists import SimilarLists
from moviefinder.recommend.votes import DISLIKE, STEP, Votes


def lists_of(rows, ids=None):
    """Similar lists from rows of (target position, weight)."""
    offsets = np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64)
    targets = np.array([target for row in rows for target, _ in row], np.int32)
    weights = np.array([weight for row in rows for _, weight in row], np.uint8)
    return SimilarLists(np.array(ids or range(len(rows)), np.int64), offsets, targets, weights)


CHAIN = lists_of([[(1, 255)], [(2, 255)], [(3, 255)], [(4, 255)], [(5, 255)], []])


def test_a_film_gets_the_votes_of_the_liked_films_that_name_it():
    """One vote each, weighed by the list."""
    votes = Votes(lists_of([[(2, 255)], [(2, 51)], []]))
    scores = ranked(votes, Taste(liked={0: 1.0, 1: 1.0}))
    assert scores.ids.tolist() == [2]
    assert scores.values.tolist() == pytest.approx([1.2])


def test_two_steps_are_reached_and_no_more():
    """The further one is worth a fixed part of the first."""
    scores = ranked(Votes(CHAIN), Taste(liked={0: 1.0}))
    assert scores.ids.tolist() == [1, 2]
    assert scores.values.tolist() == pytest.approx([1.0, STEP])


def test_far_films_are_reached_when_they_are_asked_for():
    """To the end of the chain, and with their reasons."""
    votes, taste = Votes(CHAIN), Taste(liked={0: 1.0})
    scores = ranked(votes, taste, far=True)
    assert scores.ids.tolist() == [1, 2, 3, 4, 5]
    assert scores.values.tolist() == pytest.approx([1.0, STEP, STEP**3, STEP**5, STEP**7])
    assert votes.explain(taste, np.array([5])) == {5: [(0, 1.0)]}


def test_a_dislike_takes_votes_away():
    """A film that only a disliked one names is not recommended; one that both name drops."""
    votes = Votes(lists_of([[(2, 255), (3, 255)], [(2, 255), (4, 255)], [], [], []]))
    scores = ranked(votes, Taste(liked={0: 1.0}, disliked={1: 1.0}))
    assert scores.ids.tolist() == [3, 2]
    assert scores.values.tolist() == pytest.approx([1.0, 1.0 - DISLIKE])


def test_a_refused_reason_no_longer_counts_for_that_film():
    """Nor is it named; for other films it goes on speaking."""
    votes = Votes(lists_of([[(2, 255), (3, 255)], [(2, 100)], [], []]))
    taste = Taste(liked={0: 1.0, 1: 1.0}, off=frozenset({(2, 0)}))
    scores = ranked(votes, taste)
    assert scores.ids.tolist() == [3, 2]
    assert votes.explain(taste, scores.ids) == {3: [(0, 1.0)], 2: [(1, 1.0)]}


def test_ids_need_not_follow_the_order_of_popularity():
    """Positions and numbers are kept apart."""
    votes = Votes(lists_of([[(1, 255)], [(2, 255)], []], ids=[70, 5, 33]))
    assert ranked(votes, Taste(liked={70: 1.0})).ids.tolist() == [5, 33]
    assert votes.explain(Taste(liked={70: 1.0}), np.array([33])) == {33: [(70, 1.0)]}


@st.composite
def worlds(draw):
    """Similar lists of a few films, and a taste over them."""
    n = draw(st.integers(2, 12))
    film = st.integers(0, n - 1)
    rows = [
        draw(st.lists(st.tuples(film, st.integers(1, 255)), max_size=5, unique_by=lambda link: link[0]))
        for _ in range(n)
    ]
    rows = [[link for link in row if link[0] != i] for i, row in enumerate(rows)]
    liked = draw(st.dictionaries(film, st.floats(0.1, 2), max_size=4))
    decided = draw(st.frozensets(film, max_size=3))
    return lists_of(rows), Taste(liked=liked, decided=decided | liked.keys())


@given(world=worlds(), far=st.booleans())
def test_the_parts_of_the_liked_films_add_up_to_the_score(world, far):
    """Reasons hold: nothing but the liked films made the score, by whichever way."""
    lists, taste = world
    votes = Votes(lists)
    scores = ranked(votes, taste, far=far)
    poll = votes._poll(taste, far=far)
    for film, value in zip(scores.ids.tolist(), scores.values.tolist(), strict=True):
        assert votes._parts(poll, film).sum() == pytest.approx(value, rel=1e-5)


@given(worlds())
def test_a_stronger_like_never_lowers_a_film(world):
    """More votes for a film's neighbours are never fewer for the film."""
    lists, taste = world
    if not taste.liked:
        return
    votes = Votes(lists)
    before = ranked(votes, taste)
    film = min(taste.liked)
    louder = Taste(liked={**taste.liked, film: taste.liked[film] + 1}, decided=taste.decided)
    after = dict(zip(*(part.tolist() for part in _parts(ranked(votes, louder))), strict=True))
    for film_id, value in zip(before.ids.tolist(), before.values.tolist(), strict=True):
        assert after[film_id] >= value * (1 - 1e-6)


def _parts(scores):
    return scores.ids, scores.values
