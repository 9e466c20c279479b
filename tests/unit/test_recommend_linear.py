"""The learned model at work: a sum over the liked films, and every term of it can be named."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.recommend import MORE, Taste, ranked
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from tests.factories import make_model


def linear(rows, **changed):
    """An engine over films 0, 1, 2 ... out of links (row, few, many) of each."""
    return Linear(Learned.of_rows(make_model(rows, **changed)))


def test_a_film_gets_the_sum_of_what_the_liked_ones_give():
    """Points of both weights, each by its scale and the mixing of two likes told."""
    engine = linear([[(2, 50, 10)], [(2, 20, -5)], []], meta={"strength": 1.0, "power": 1.0})
    assert engine.values(Taste(liked={0: 1.0, 1: 1.0})).tolist() == pytest.approx([0, 0, 0.7 + 0.1 * 0.05])


@pytest.mark.parametrize(("cap", "expected"), [(None, 1.2 * 4**1.6), (2.0, 2.0)])
def test_the_mixing_grows_with_what_was_told_up_to_its_cap(cap, expected):
    """As the contract of the model says."""
    learned = Learned.of_rows(make_model([[]], meta={"cap": cap}))
    assert learned.mixing(80) == pytest.approx(expected)
    assert learned.mixing(0) == 0


def test_the_broad_part_reaches_films_without_a_link():
    """By the product of source and target."""
    engine = linear([[], [], []], broad_source=[[2], [0], [0]], broad_target=[[0], [0.5], [-1]])
    taste = Taste(liked={0: 1.0})
    assert engine.values(taste).tolist() == pytest.approx([0, 1, -2])
    assert engine.explain(taste, np.array([1, 2])) == {1: [(0, 1.0)], 2: []}


def test_a_film_that_speaks_against_is_named_last():
    """With a negative share; all of them add up to 1."""
    engine = linear([[(3, 30, 0)], [(3, -10, 0)], [(3, 60, 0)], []])
    taste = Taste(liked={0: 1.0, 1: 1.0, 2: 1.0})
    [(first, a), (second, b), (third, c)] = engine.explain(taste, np.array([3]))[3]
    assert [first, second, third] == [2, 0, 1]
    assert [a, b, c] == pytest.approx([0.75, 0.375, -0.125])


def test_a_dislike_pushes_its_neighbours_down():
    """By the weight in the model's file; it speaks for nothing."""
    engine = linear([[(2, 80, 0), (3, 70, 0)], [(2, 100, 0), (3, -100, 0)], [], []], meta={"dislike": 0.5})
    scores = ranked(engine, Taste(liked={0: 1.0}, disliked={1: 1.0}))
    assert scores.ids.tolist() == [3, 2]
    assert scores.values.tolist() == pytest.approx([0.7, 0.8 - 0.5])


def test_a_weight_of_nothing_leaves_dislikes_out():
    """They are only never recommended."""
    rows = [[(2, 80, 0), (1, 10, 0)], [(2, 100, 0)], []]
    scores = ranked(linear(rows, meta={"dislike": 0}), Taste(liked={0: 1.0}, disliked={1: 1.0}))
    assert scores.values.tolist() == pytest.approx([0.8])


def test_more_of_one_side_multiplies_the_weight_of_that_film():
    """For each film it was said at, three at most."""
    engine = linear([[(1, 10, 0)], []], meta={"strength": 0})
    for count, factor in ((1, MORE), (3, MORE**3), (9, MORE**3)):
        more = frozenset((100 + film, 0) for film in range(count))
        assert engine.values(Taste(liked={0: 1.0}, more=more))[1] == pytest.approx(0.1 * factor)


def test_thousands_of_answered_reasons_need_no_memory_to_speak_of():
    """Not a number for each answered film and each liked one at once: 50 MB here, 800 with the whole catalogue."""
    engine = linear([[(2_500 + film, 10, 0)] for film in range(2_500)] + [[]] * 2_500, meta={"strength": 0})
    liked = dict.fromkeys(range(2_500), 1.0)
    off = frozenset((2_500 + film, film if film % 2 else 0) for film in range(2_500))
    tracemalloc.start()
    values = engine.values(Taste(liked=liked, off=off))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert values[2_500:].astype(bool).tolist() == [film > 0 and film % 2 == 0 for film in range(2_500)]
    assert most < 40 * 2**20


def test_a_model_is_laid_over_films_in_any_order():
    """Films that only one side knows have no links, and shift nothing."""
    model = make_model([[(1, 10, 0), (2, 20, 0)], [(0, 30, 0)], []])
    learned = Learned.of(model, np.array([70, 5, 33]), np.array([1, -1, 0]))
    engine = Linear(learned)
    assert learned.known.tolist() == [True, False, True]
    assert engine.values(Taste(liked={70: 1.0})).tolist() == pytest.approx([0, 0, 0.3])
    assert engine.values(Taste(liked={33: 1.0})).tolist() == pytest.approx([0.1, 0, 0])
    assert not engine.values(Taste(liked={5: 1.0})).any()
    assert learned.quality.tolist() == [0.5, 0, 0.5]


@st.composite
def worlds(draw):
    """A model of a few films, and a taste over them."""
    n = draw(st.integers(2, 10))
    film, weight = st.integers(0, n - 1), st.integers(-127, 127)
    links = st.lists(st.tuples(film, weight, weight), max_size=6, unique_by=lambda link: link[0])
    rows = [draw(links) for _ in range(n)]
    r = draw(st.integers(0, 2))
    number = st.floats(-2, 2, width=16)
    broad = [np.array(draw(st.lists(number, min_size=n * r, max_size=n * r))).reshape(n, r) for _ in range(2)]
    model = make_model(rows, broad_source=broad[0], broad_target=broad[1], meta={"dislike": 0})
    liked = draw(st.dictionaries(film, st.floats(0.1, 2), min_size=1, max_size=5))
    decided = draw(st.frozensets(film, max_size=3))
    off = draw(st.frozensets(st.tuples(film, st.sampled_from(sorted(liked))), max_size=4))
    more = draw(st.frozensets(st.tuples(film, st.sampled_from(sorted(liked))), max_size=4))
    return model, Taste(liked=liked, decided=decided, off=off, more=more)


def by_hand(model, taste, film):
    """What each liked film gives to one, straight from the definition."""
    weights = taste.voices()
    mixing = model.meta["strength"] * (sum(weights.values()) / 20) ** model.meta["power"]
    parts = {}
    for liked, weight in weights.items():
        part = float(model.broad_source[liked].astype(float) @ model.broad_target[film].astype(float))
        for at in range(model.offsets[liked], model.offsets[liked + 1]):
            if model.targets[at] == film:
                part += float(model.few_scale[liked]) * int(model.few[at])
                part += mixing * float(model.many_scale[liked]) * int(model.many[at])
        parts[liked] = 0 if (film, liked) in taste.off else weight * part
    return parts


@given(worlds())
def test_values_and_reasons_are_the_terms_of_the_definition(world):
    """Each contribution, their sum, and nothing of what was refused."""
    model, taste = world
    engine = Linear(Learned.of_rows(model))
    values = engine.values(taste)
    reasons = engine.explain(taste, np.arange(len(model)))
    for film in range(len(model)):
        parts = by_hand(model, taste, film)
        total = sum(parts.values())
        if film not in {*taste.decided, *taste.liked}:
            assert values[film] == pytest.approx(total, abs=2e-5)
        if total > 1e-3:
            shares = dict(reasons[film])
            assert sum(shares.values()) == pytest.approx(1)
            for liked, part in parts.items():
                assert shares.get(liked, 0) * total == pytest.approx(part, abs=1e-4)
                assert liked not in shares or (film, liked) not in taste.off


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_telling_changes_no_byte(world, random):
    """Nor does asking twice, or by the other way through a file."""
    model, taste = world
    liked = list(taste.liked.items())
    random.shuffle(liked)
    again = Taste(liked=dict(liked), decided=taste.decided, off=taste.off, more=taste.more)
    learned = Learned.of_rows(model)
    first = Linear(learned).values(taste)
    assert first.tobytes() == Linear(learned).values(again).tobytes()
    assert first.tobytes() == Linear(Learned.from_arrays(learned.to_arrays())).values(taste).tobytes()
