"""The laws of the protocol by which rankings are judged."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviefinder.recommend import evaluate
from moviefinder.recommend.evaluate import AT_RANDOM, EARLIEST, TELLINGS, ByFame, Telling, Trial
from moviefinder.recommend.ratings import Ratings, joined, latest

FILMS = 60


def rows(*films):
    """Rows of the catalogue."""
    return np.array(films, np.int32)


def some_ratings(seed, n_people=40, outside=0.1):
    """People with 8 to 50 ratings each, some of films that the catalogue lacks."""
    rng = np.random.default_rng(seed)
    people, films = [], []
    for person in range(n_people):
        n = int(rng.integers(8, 51))
        people += [person] * n
        films += np.sort(rng.choice(FILMS, n, replace=False)).tolist()
    n = len(people)
    known = rng.random(n) >= outside
    return Ratings(
        people=np.array(people, np.int32),
        films=np.where(known, films, -1).astype(np.int32),
        stars=(rng.choice([2, 4, 7, 8, 9, 10], n) / 2).astype(np.float32),
        times=rng.integers(1, 50, n).astype(np.int64),
        n_people=n_people,
        n_films=FILMS,
    )


class List:
    """A ranker that has one list for everybody."""

    def __init__(self, order):
        self._order = rows(*order)

    def __call__(self, liked, disliked, k):
        """Whoever asks."""
        return self._order[:k]


def trial(hidden, *, liked=(), disliked=(), n_hidden=None):
    """One trial of one person."""
    return Trial(
        person=0,
        liked=rows(*liked),
        disliked=rows(*disliked),
        hidden=rows(*hidden),
        n_hidden=n_hidden or len(hidden),
    )


def judged(order, one):
    """What a fixed order is worth on one trial."""
    outcome = evaluate.judge(List(order), [one], np.zeros(FILMS, np.int64))
    return float(outcome.ndcg[0]), float(outcome.recall[0]), float(outcome.hit[0]), outcome.shown.tolist()


def test_the_best_list_is_worth_one():
    """All hidden films first: nDCG 1 however many there are; ten places are all that count."""
    assert judged(range(30), trial(range(3)))[:3] == (1, 1, 1)
    ndcg, recall, hit, _ = judged(range(30), trial(range(40)))
    assert (ndcg, recall, hit) == (1, 0.5, 1)


def test_a_list_is_worth_what_the_formula_says():
    """Hits at ranks 2 and 4 of three hidden films."""
    ndcg, recall, hit, _ = judged([9, 1, 8, 2, 7, 6, 5, 30, 31, 32, 33, 3], trial([1, 2, 3]))
    gains = 1 / np.log2(np.arange(2, 12))
    assert ndcg == pytest.approx((gains[1] + gains[3]) / gains[:3].sum())
    assert (recall, hit) == (1, 1)


def test_hidden_films_that_the_catalogue_lacks_are_misses():
    """They count in the ideal and in the recall."""
    ndcg, recall, _, _ = judged(range(30), trial([0], n_hidden=10))
    gains = 1 / np.log2(np.arange(2, 12))
    assert ndcg == pytest.approx(1 / gains.sum())
    assert recall == pytest.approx(0.1)


def test_told_films_are_taken_off_the_list():
    """Liked and disliked ones; those below move up."""
    ndcg, _, _, shown = judged(range(30), trial([2, 3], liked=[0], disliked=[1]))
    assert ndcg == 1
    assert shown == list(range(2, 12))


def test_a_list_that_names_a_film_twice_is_refused():
    """Each place would count as a hit."""
    with pytest.raises(ValueError, match="twice"):
        judged([1, 1], trial([1]))


def test_a_short_list_is_judged_as_it_is():
    """An engine that finds nothing gets nothing."""
    assert judged([], trial([1])) == (0, 0, 0, [])


@given(
    st.permutations(range(FILMS)),
    st.sets(st.integers(0, FILMS - 1), min_size=1),
    st.sets(st.integers(0, FILMS - 1), max_size=20),
    st.integers(0, 9),
)
def test_measures_lie_between_zero_and_one(order, hidden, told, outside):
    """And no told film is ever shown."""
    hidden -= told
    ndcg, recall, hit, shown = judged(
        order, trial(hidden or {-1}, liked=told, n_hidden=len(hidden) + outside + 1)
    )
    assert 0 <= ndcg <= 1
    assert 0 <= recall <= 1
    assert hit in (0, 1)
    assert (ndcg > 0) == bool(hit)
    assert not set(shown) & told


@settings(max_examples=25)
@given(st.integers(0, 1000), st.integers(0, 50))
def test_a_person_stands_on_one_side(seed, drawn):
    """Whole: none of a test person's ratings trains, all of the others' do."""
    ratings = some_ratings(seed)
    parted = evaluate.split(ratings, seed=drawn, people=8)
    others = np.setdiff1d(np.arange(ratings.n_people), parted.tested)
    assert parted.training.n_people == len(others)
    assert 0 < len(parted.tested) <= 8
    wanted = ratings.where(np.isin(ratings.people, others) & (ratings.films >= 0))
    np.testing.assert_array_equal(others[parted.training.people], wanted.people)
    np.testing.assert_array_equal(parted.training.films, wanted.films)
    assert (ratings.likes_by_person()[parted.tested] >= 10).all()


@settings(max_examples=25)
@given(st.integers(0, 1000), st.sampled_from(TELLINGS))
def test_what_is_told_and_what_is_hidden_make_up_the_likes(seed, telling):
    """Each like once; at least five stay hidden; dislikes are dislikes."""
    ratings = some_ratings(seed)
    parted = evaluate.split(ratings, seed=seed, people=10)
    for one in evaluate.trials(ratings, parted, telling):
        own = ratings.people == one.person
        liked = ratings.films[own & (ratings.stars >= 4)]
        inside = liked[liked >= 0]
        assert sorted([*one.liked, *one.hidden]) == sorted(inside.tolist())
        assert one.n_hidden >= max(5, len(one.hidden))
        assert len(liked) - one.n_hidden == telling.told_of(len(liked))
        assert set(one.disliked) <= set(ratings.films[own & (ratings.stars <= 2)].tolist())


def test_what_is_told_first_is_what_was_liked_first():
    """No hidden like is earlier than a told one, and no told dislike later than it."""
    ratings = some_ratings(3, outside=0)
    parted = evaluate.split(ratings, seed=1, people=10)
    at = {
        (person, film): time
        for person, film, time in zip(
            ratings.people.tolist(), ratings.films.tolist(), ratings.times.tolist(), strict=True
        )
    }
    seen = 0
    for telling in EARLIEST:
        for one in evaluate.trials(ratings, parted, telling):
            last = max(at[one.person, film] for film in one.liked.tolist())
            assert last <= min(at[one.person, film] for film in one.hidden.tolist())
            assert all(at[one.person, film] <= last for film in one.disliked.tolist())
            seen += 1
    assert seen


def test_the_films_told_of_five_are_among_those_told_of_ten():
    """So that more told is more known, and the same person comes off alike in every run."""
    ratings = some_ratings(4)
    parted = evaluate.split(ratings, seed=1, people=10)
    five, ten = (
        {one.person: set(one.liked.tolist()) for one in evaluate.trials(ratings, parted, telling)}
        for telling in AT_RANDOM[:2]
    )
    assert ten
    assert all(five[person] <= ten[person] for person in ten)
    again = {one.person: set(one.liked.tolist()) for one in evaluate.trials(ratings, parted, AT_RANDOM[0])}
    assert again == five


def test_tellings_say_whom_they_admit():
    """At least five likes stay hidden; 80 % are counted down."""
    assert [telling.name for telling in TELLINGS] == [
        "5", "10", "20", "80 %", "first 5", "first 10", "first 20", "first 80 %",
    ]  # fmt: skip
    fewest = [min(n for n in range(100) if telling.admits(n)) for telling in AT_RANDOM]
    assert fewest == [10, 15, 25, 21]
    assert Telling(fifths=4).told_of(21) == 16


def outcomes(ranker, seeds=2):
    """What a ranker is worth at five told, over seeds."""
    ratings = some_ratings(6, n_people=200)
    found = []
    for seed in range(seeds):
        parted = evaluate.split(ratings, seed=seed, people=20)
        trials = list(evaluate.trials(ratings, parted, AT_RANDOM[0]))
        found.append(evaluate.judge(ranker, trials, parted.training.likes_by_film()))
    return found


def test_figures_are_means_of_the_seeds():
    """With the interval around them; coverage and popularity are of all lists together."""
    found = outcomes(List(range(FILMS)))
    figures = evaluate.figures(found)
    assert figures.ndcg == pytest.approx(np.mean([one.ndcg.mean() for one in found]))
    assert figures.low < figures.ndcg < figures.high
    assert figures.deviation == pytest.approx(abs(found[0].ndcg.mean() - found[1].ndcg.mean()) / np.sqrt(2))
    assert 10 <= figures.coverage <= 20
    assert figures.people == sum(len(one.people) for one in found) > 30


def test_nobody_judged_gives_nought():
    """Not a division by nought."""
    nobody = evaluate.judge(ByFame(np.zeros(FILMS, np.int64)), [], np.zeros(FILMS, np.int64))
    assert evaluate.figures([nobody]).people == 0


def test_a_lead_is_zero_over_itself_and_has_an_interval():
    """On the same people; others cannot be compared."""
    one = outcomes(List(range(FILMS)))
    assert evaluate.lead(one, one) == (0, 0, 0)
    ahead, low, high = evaluate.lead(one, outcomes(List(reversed(range(FILMS)))))
    assert low < ahead < high
    with pytest.raises(ValueError, match="same people"):
        evaluate.lead(one, one[::-1])


def test_the_most_liked_come_first_whoever_asks():
    """Ties go to the better known row."""
    ranker = ByFame(np.array([1, 5, 5, 0]))
    assert ranker(rows(1), rows(), 3).tolist() == [1, 2, 0]


def test_ratings_of_more_people_are_joined():
    """They are counted on."""
    one, other = some_ratings(1, n_people=3), some_ratings(2, n_people=4)
    both = joined(one, other)
    assert both.n_people == 7
    assert both.likes_by_person().tolist() == [*one.likes_by_person(), *other.likes_by_person()]
    np.testing.assert_array_equal(both.of_people(np.arange(7) > 2).films, other.films)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 3), st.integers(0, 5)), max_size=30))
def test_the_latest_rating_of_a_film_stands(said):
    """One a person and film; of equal times the last one; films outside are never one."""
    people, films, times = (np.array([row[at] for row in said], np.int64) for at in range(3))
    stands = latest(people.astype(np.int32), films.astype(np.int32), times)
    expected = {}
    for at, (person, film, time) in enumerate(said):
        key = (person, film) if film >= 0 else ("outside", at)
        if key not in expected or time >= said[expected[key]][2]:
            expected[key] = at
    assert np.flatnonzero(stands).tolist() == sorted(expected.values())
