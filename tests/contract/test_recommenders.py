"""What every recommender must hold, whatever it learns from. A new one joins by its line in `RECOMMENDERS`."""

import numpy as np
import pytest

from moviefinder.recommend import Taste
from moviefinder.recommend.votes import SimilarLists, Votes

N = 24


def checkerboard():
    """Two tastes that share nothing: each even film is like every other even one, each odd like every odd one."""
    targets = np.array([j for i in range(N) for j in range(i % 2, N, 2) if j != i], np.int32)
    offsets = np.arange(N + 1, dtype=np.int64) * (N // 2 - 1)
    return SimilarLists(np.arange(100, 100 + N), offsets, targets, np.full(len(targets), 200, np.uint8))


RECOMMENDERS = {"votes": lambda: Votes(checkerboard())}


@pytest.fixture(params=RECOMMENDERS)
def recommender(request):
    """Each recommender, knowing the checkerboard."""
    return RECOMMENDERS[request.param]()


def likes(*films):
    """A taste that has decided on what it likes."""
    return Taste(liked=dict.fromkeys(films, 1.0), decided=frozenset(films))


def test_the_withheld_films_of_a_checkerboard_come_first(recommender):
    """Who likes even films gets the remaining even ones before any odd one."""
    told = [100, 102, 104]
    expected = {film for film in range(100, 100 + N, 2) if film not in told}
    assert set(recommender.score(likes(*told)).ids[: len(expected)].tolist()) == expected


def test_a_decided_film_is_never_recommended(recommender):
    """Not even when everything names it."""
    taste = Taste(liked={100: 1.0, 102: 1.0}, decided=frozenset({100, 102, 104, 106}))
    assert not set(recommender.score(taste).ids.tolist()) & taste.decided


def test_liked_and_disliked_films_are_not_recommended(recommender):
    """Also where the caller forgot to call them decided."""
    found = recommender.score(Taste(liked={100: 1.0}, disliked={102: 1.0})).ids.tolist()
    assert not {100, 102} & set(found)


def test_scores_are_finite_best_first_and_without_repeats(recommender):
    """int64 ids and float32 values of one length."""
    scores = recommender.score(likes(100, 101, 107))
    assert scores.ids.dtype == np.int64
    assert scores.values.dtype == np.float32
    assert len(scores.ids) == len(scores.values) == len(set(scores.ids.tolist()))
    assert np.isfinite(scores.values).all()
    assert (np.diff(scores.values) <= 0).all()


def test_the_same_taste_gives_the_same_bytes(recommender):
    """In whatever order it was told."""
    first, second = recommender.score(likes(100, 103, 110)), recommender.score(likes(110, 100, 103))
    assert first.ids.tobytes() == second.ids.tobytes()
    assert first.values.tobytes() == second.values.tobytes()


def test_an_empty_taste_gets_an_empty_list(recommender):
    """And so does one that only dislikes."""
    assert len(recommender.score(Taste())) == 0
    assert len(recommender.score(Taste(disliked={100: 1.0}))) == 0


def test_unknown_films_are_no_error(recommender):
    """A film that the engine has not learned says nothing, and takes nothing from the others."""
    known = recommender.score(likes(100))
    with_stranger = recommender.score(likes(100, 999_999))
    assert known.ids.tolist() == with_stranger.ids.tolist()
    assert len(recommender.score(likes(999_999))) == 0


def test_more_likes_are_never_an_error(recommender):
    """From one to all of them."""
    for count in range(1, N + 1):
        recommender.score(likes(*range(100, 100 + count)))


def test_reasons_are_liked_films_with_shares_that_add_up_to_one(recommender):
    """Best first, and one at least for each film that was recommended."""
    taste = likes(100, 102, 105)
    ids = recommender.score(taste).ids
    reasons = recommender.explain(taste, ids)
    assert set(reasons) == set(ids.tolist())
    for because in reasons.values():
        shares = [share for _, share in because]
        assert {film for film, _ in because} <= set(taste.liked)
        assert sum(shares) == pytest.approx(1)
        assert shares == sorted(shares, reverse=True)


def test_what_was_not_liked_cannot_be_explained(recommender):
    """A film out of reach has no reason."""
    assert recommender.explain(likes(100), np.array([101, 999_999])) == {101: [], 999_999: []}
