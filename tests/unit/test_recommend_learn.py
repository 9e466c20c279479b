"""Learning the item-item model: what each estimate promises, and that tastes which share nothing are kept apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviefinder.recommend import Taste, evidence, ranked
from moviefinder.recommend.learn import learn
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from moviefinder.recommend.ratings import Ratings
from moviefinder.recommend.traits import Traits

N = 16


def ratings_of(people, *, n_films=N):
    """From a mapping of film to stars a person."""
    rows = [(who, film, stars) for who, own in enumerate(people) for film, stars in sorted(own.items())]
    who, films, stars = (np.array(column) for column in zip(*rows, strict=True))
    return Ratings(
        people=who.astype(np.int32),
        films=films.astype(np.int32),
        stars=stars.astype(np.float32),
        times=np.zeros(len(rows), np.int64),
        n_people=len(people),
        n_films=n_films,
    )


def two_worlds(*, people=60, seed=0):
    """Each person likes six films of one world, and finds one of the other middling."""
    rng = np.random.default_rng(seed)
    rows = []
    for who in range(people):
        liked = rng.choice(np.arange(who % 2, N, 2), 6, replace=False)
        rows.append(dict.fromkeys(liked.tolist(), 4.0) | {int(1 - who % 2): 2.5})
    return ratings_of(rows)


def traits_of(n=N):
    """Films of which nothing tells one from another."""
    return Traits(
        refs=tuple(f"imdb:tt{film:07d}" for film in range(n)),
        likeness=lambda start, end: np.full((end - start, n), 0.5, np.float32),
        votes=np.full(n, 1000, np.float32),
        mean=np.full(n, 3.5, np.float32),
        year=np.full(n, 2000, np.int16),
        is_series=np.zeros(n, bool),
    )


def model_of(ratings):
    """Learned from some ratings."""
    numbers = np.arange(N, dtype=np.int32)
    return learn(
        ratings, traits_of(), movielens_ids=numbers + 1, movielens_rows=numbers, meta={"version": "1"}
    )


def test_counts_are_of_likes_damped_by_how_much_somebody_rated():
    """Four people with one pair each, one with many films: the pair of the many counts less."""
    people = [{0: 4.0, 1: 4.0}] * 4 + [dict.fromkeys([2, 3, *range(4, 16)], 4.0)] * 4
    counted = evidence.together(ratings_of(people))
    assert counted.films.tolist() == list(range(16))
    assert counted.likes.tolist() == [4.0] * 16
    assert counted.counts[2, 3] < counted.counts[0, 1]
    assert counted.counts[2, 3] / counted.counts[0, 1] == pytest.approx((14 / 2) ** -0.4, rel=1e-4)
    assert counted.counts[0, 2] == 0
    assert (counted.counts == counted.counts.T).all()


def test_films_that_too_few_like_are_not_counted():
    """Two likes are chance."""
    counted = evidence.together(ratings_of([{0: 4.0, 1: 5.0}, {0: 4.0, 1: 3.0}, {0: 4.5, 1: 4.0}]))
    assert counted.films.tolist() == [0]


def test_ratings_that_no_three_people_share_still_give_a_model():
    """Whether it is any good is for the check to say; likeness alone places the films."""
    model = model_of(ratings_of([{film: 5} for film in range(N)]))
    assert len(model) == N


def test_five_stars_count_more_than_four_and_three_a_little():
    """In the order of the stars; two stars count nothing."""
    base = [{0: 4.0, 1: 4.0, 2: 4.0, 3: 4.0, 4: 4.0}] * 3
    counts = evidence.together(ratings_of([*base, {0: 5.0, 1: 4.0, 2: 3.5, 3: 3.0, 4: 2.0}])).counts
    own = np.diagonal(counts)
    assert (np.diff(own) < 0).all()


@given(dropout=st.sampled_from([0.5, 2.0, 25.0]), seed=st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_denoised_weights_are_the_best_linear_guess_without_the_film_itself(dropout, seed):
    """Each column solves its own ridge regression on the other films, as the closed form promises."""
    rng = np.random.default_rng(seed)
    seen = (rng.random((200, 6)) < 0.5).astype(np.float32)
    counts = seen.T @ seen
    found = evidence.denoised(counts.copy(), dropout)
    for film in range(6):
        others = np.array([other for other in range(6) if other != film])
        system = counts[np.ix_(others, others)].astype(np.float64)
        system += np.diag(dropout * np.diagonal(counts)[others] + 100.0)
        expected = np.linalg.solve(system, counts[others, film])
        assert found[others, film] == pytest.approx(expected, abs=1e-4)
        assert found[film, film] == 0


def test_the_smoothed_counts_of_two_worlds_speak_within_each():
    """And nothing is said from one for the other."""
    counts = evidence.together(two_worlds()).counts
    found = evidence.smoothed(counts)
    own = found[::2, ::2][~np.eye(N // 2, dtype=bool)]
    assert own.mean() > 0.02
    assert np.abs(found[::2, 1::2]).max() < 1e-6
    assert (np.diagonal(found) == 0).all()


def test_a_cosine_of_one_common_like_counts_less_than_of_many():
    """At the same proportion: chance is held down."""
    few = evidence.cosine(np.array([[2, 1], [1, 2]], np.float32))
    many = evidence.cosine(np.array([[200, 100], [100, 200]], np.float32))
    assert few[0, 1] / 2**-1.3 < many[0, 1] / 200**-1.3


def test_who_likes_one_world_is_shown_the_rest_of_it():
    """Before any film of the other one."""
    engine = Linear(Learned.of_rows(model_of(two_worlds())))
    told = [0, 2, 4]
    found = ranked(engine, Taste(liked=dict.fromkeys(told, 1.0), decided=frozenset(told))).ids
    assert set(found[: N // 2 - 3].tolist()) == set(range(0, N, 2)) - set(told)


def test_the_same_ratings_give_the_same_model():
    """To the last weight."""
    first, second = model_of(two_worlds()), model_of(two_worlds())
    for name in ("offsets", "targets", "few", "many", "few_scale", "many_scale", "quality"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()


def test_quality_is_the_share_that_likes_a_film():
    """A better mean is liked by more; without a mean a film is middling."""
    better = traits_of(3)
    mean = np.array([4.4, 3.5, 0.0], np.float32)
    quality = Traits(**{name: getattr(better, name) for name in Traits.__slots__} | {"mean": mean}).quality
    assert quality[0] > quality[1] > quality[2] > 0
    assert quality[1] == pytest.approx(0.5, abs=0.03)
