"""How sure a recommendation is: what is promised is found, and nothing is promised without a calibration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.recommend import Taste, confidence, evaluate
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from moviefinder.recommend.ratings import Ratings
from moviefinder.records import Confidence
from tests.factories import make_model
from tests.tastes import co_likes, two_tastes

FACTORS = dict.fromkeys(confidence.FACTORS, 0.0)
N = 60


def learned(calibration=None, quality=None):
    """A model of sixty films of which the first speaks for all others, the nearer the more."""
    model = make_model(
        [[(film, 127 - film, 0) for film in range(1, N)], *([] for _ in range(N - 1))],
        quality=np.full(N, 0.5, np.float32) if quality is None else np.asarray(quality, np.float32),
        meta={} if calibration is None else {"confidence": calibration},
    )
    return Learned.of_rows(model)


def words(model, *, liked=(0,), positions=range(1, N)):
    """The words for some films, for somebody who likes some."""
    values = Linear(model).values(Taste(liked=dict.fromkeys(liked, 1.0)))
    return confidence.words(model.meta, model.quality, values, len(liked), np.array(positions, np.int64))


def test_a_film_that_stands_higher_is_surer():
    """Of two that are liked alike."""
    found = words(learned(FACTORS | {"base": 0.7, "place": 4.0}))
    assert found == sorted(found, key=list(Confidence).index)
    assert {found[0], found[-1]} == {Confidence.SURE_BET, Confidence.LONG_SHOT}


def test_a_film_that_is_better_liked_is_surer():
    """By the share of all who watched it."""
    found = words(learned(FACTORS | {"quality": 1.0}, np.linspace(0.9, 0.1, N)))
    assert found == sorted(found, key=list(Confidence).index)
    assert set(found) == set(Confidence)


@pytest.mark.parametrize(
    ("chance", "expected"),
    [(0.99, "sure_bet"), (0.75, "sure_bet"), (0.749, "likely"), (0.55, "likely"), (0.549, "long_shot")],
)
def test_a_word_begins_where_it_says(chance, expected):
    """Three of four, and more than half."""
    assert confidence.word(chance) == expected


@pytest.mark.parametrize(
    "calibration",
    [
        None,
        {},
        [],
        "sure",
        {"base": 1.0},
        FACTORS | {"told": None},
        FACTORS | {"told": "1"},
        FACTORS | {"told": True},
        FACTORS | {"told": float("nan")},
        FACTORS | {"told": 1e9},
    ],
)
def test_without_numbers_that_hold_nothing_is_promised(calibration):
    """A model may come without them, or with others."""
    assert words(learned(calibration), positions=[1, 2]) == [None, None]


def test_where_the_model_finds_nothing_it_promises_nothing():
    """The films come from elsewhere."""
    assert words(learned(FACTORS), liked=(5,), positions=[1, 2]) == [None, None]


def drawn(truth, *, n=20_000, seed=1):
    """Rows of features, and likes that fall as `truth` says."""
    rng = np.random.default_rng(seed)
    quality, place, told = rng.normal(0, 1, n), rng.uniform(-4, 2, n), rng.uniform(1, 4, n)
    rows = np.stack(
        [np.ones(n), quality, place, told, place * quality, place * place, quality * quality], axis=1
    )
    return rows, rng.random(n) < confidence.chances(truth, rows)


def test_what_is_promised_is_found():
    """On others than those who told it, in every class, within three points."""
    truth = FACTORS | {"base": 1.0, "quality": 0.8, "place": 0.4, "told": -0.3}
    rows, liked = drawn(truth)
    calibration = confidence.fitted(rows, liked, np.zeros(len(rows), np.int64))
    assert confidence.is_calibration(calibration)
    rows, liked = drawn(truth, seed=2)
    promised = confidence.chances(calibration, rows)
    classes = np.array([confidence.word(chance) for chance in promised])
    for one in Confidence:
        assert liked[classes == one].mean() == pytest.approx(promised[classes == one].mean(), abs=0.03)


def test_films_that_are_hardly_shown_weigh_less():
    """Where near and far disagree, what is promised lies nearer to what is shown."""
    rows = np.tile(drawn(FACTORS, n=1)[0], (2000, 1))
    liked = np.arange(2000) < 1000
    places = np.where(liked, 0, 60)
    chance = confidence.chances(confidence.fitted(rows, liked, places), rows[:1])[0]
    assert chance == pytest.approx(1 / 1.25, abs=0.01)


def test_a_calibration_comes_from_what_people_rated_and_did_not_tell():
    """Told films are asked of nobody; what is liked more often is surer."""
    ratings = two_tastes()
    parted = evaluate.split(ratings, seed=0, people=60)
    model = Learned.of_rows(co_likes(parted.training))
    trials = list(evaluate.trials(ratings, parted, evaluate.Telling(count=10)))
    rows, liked, places = confidence.rated(model, ratings, trials)
    assert len(rows) == sum(
        int((ratings.people == trial.person).sum()) - len(trial.liked) - len(trial.disliked)
        for trial in trials
    )
    assert liked.sum() == sum(trial.n_hidden for trial in trials)
    assert places[liked].mean() < places[~liked].mean()
    calibration = confidence.calibrate(model, ratings, trials)
    promised = confidence.chances(calibration, rows)
    assert promised[liked].mean() > promised[~liked].mean() + 0.2


def test_too_few_ratings_tell_nothing():
    """Then a model comes without."""
    nobody = Ratings(
        people=np.empty(0, np.int32),
        films=np.empty(0, np.int32),
        stars=np.empty(0, np.float32),
        times=np.empty(0, np.int64),
        n_people=0,
        n_films=N,
    )
    assert confidence.calibrate(learned(), nobody, []) == {}


@given(
    st.lists(st.floats(-10, 10, width=32), min_size=len(FACTORS), max_size=len(FACTORS)),
    st.lists(st.integers(0, N - 1), max_size=5),
)
def test_every_film_gets_a_word_or_none_does(factors, liked):
    """Whatever the numbers."""
    calibration = dict(zip(confidence.FACTORS, factors, strict=True))
    found = words(learned(calibration), liked=tuple(liked) or (0,), positions=[0, 1, N - 1])
    assert set(found) <= set(Confidence) or found == [None] * 3
