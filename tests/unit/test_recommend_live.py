"""Films that came after the model: exact terms, and nothing else is moved by them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.recommend import Places, Taste, ranked
from moviefinder.recommend.content import HEARD_YOUNG
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from moviefinder.recommend.live import Beside, Live
from tests.factories import make_model


def make_live(n, links=(), stand_ins=(), listed=()):
    """Live films over n positions: `links` (source, target, rank), `stand_ins` {film: {stand-in: weight}}."""
    columns = np.array(sorted(links), np.int64).reshape(-1, 3)
    placed = sorted(stand_ins)
    width = max([len(of) for of in dict(stand_ins).values()], default=1)
    films, weights = np.zeros((len(placed), width), np.int64), np.zeros((len(placed), width), np.float32)
    for row, film in enumerate(placed):
        of = stand_ins[film]
        films[row, : len(of)], weights[row, : len(of)] = list(of), list(of.values())
    return Live(
        places=Places(np.arange(n)),
        sources=columns[:, 0],
        targets=columns[:, 1],
        ranks=columns[:, 2],
        placed=np.array(placed, np.int64),
        is_listed=np.isin(placed, list(listed)),
        stand_ins=films,
        weights=weights,
        quality=np.full(n, 0.4, np.float32),
    )


def make_linear(rows, live, **changed):
    """An engine over films 0, 1, 2 ... of which the first are those of the rows."""
    learned = Learned.of_rows(make_model(rows, **changed))
    return Linear(learned, Beside(live, learned))


PLAIN = {"strength": 0.0, "power": 1.0, "dislike": 0}
ROWS = [[(1, 100, 0), (2, 50, 0)], [(0, 60, 0), (2, 40, 0)], [(0, 20, 0), (1, 10, 0)], []]


def test_a_liked_live_film_speaks_for_the_films_of_its_list():
    """As loud at each place as a usual film of the model at that place of its row."""
    few, _ = Learned.of_rows(make_model(ROWS)).usual_row()
    assert few.tolist() == pytest.approx([(1 + 0.6 + 0.2) / 4, (0.5 + 0.4 + 0.1) / 4])
    engine = make_linear(ROWS, make_live(5, [(4, 3, 0), (4, 2, 1), (4, 1, 2)]), meta=PLAIN)
    taste = Taste(liked={4: 1.0})
    assert engine.values(taste).tolist() == pytest.approx([0, 0, few[1], few[0], 0])
    assert engine.explain(taste, np.array([3])) == {3: [(4, 1.0)]}


def test_it_brings_its_neighbours_up_beside_twenty_other_likes():
    """And is named for them."""
    rng = np.random.default_rng(0)
    rows = [
        [(int(j), int(w), 0) for j, w in zip(rng.choice(60, 10), rng.integers(1, 99, 10), strict=True)]
        for _ in range(60)
    ]
    rows = [
        list({j: (j, few, many) for j, few, many in row if j != i}.values()) for i, row in enumerate(rows)
    ]
    engine = make_linear(rows, make_live(61, [(60, film, film - 40) for film in range(40, 50)]))
    told = dict.fromkeys(range(20), 1.0)
    before, after = (ranked(engine, Taste(liked=liked)).ids.tolist() for liked in (told, told | {60: 1.0}))
    for film in range(40, 45):
        assert after.index(film) < before.index(film)
        because = dict(engine.explain(Taste(liked=told | {60: 1.0}), np.array([film]))[film])
        assert because[60] > 0
        assert sum(because.values()) == pytest.approx(1)


def test_a_live_film_in_the_list_of_a_liked_one_gets_that_link():
    """Of a film that the model knows, and of one that it does not."""
    few, _ = Learned.of_rows(make_model(ROWS)).usual_row()
    engine = make_linear(ROWS, make_live(6, [(0, 4, 1), (5, 4, 0)]), meta=PLAIN)
    assert engine.values(Taste(liked={0: 1.0}))[4] == pytest.approx(few[1])
    assert engine.values(Taste(liked={0: 1.0, 5: 1.0}))[4] == pytest.approx(few[0] + few[1])


def test_pairs_that_the_model_knows_are_left_to_it():
    """A list that names one of them changes nothing."""
    plain, listed = (make_linear(ROWS, make_live(5, links)) for links in ((), [(0, 3, 0), (0, 1, 1)]))
    taste = Taste(liked={0: 1.0, 2: 1.0})
    assert plain.values(taste).tobytes() == listed.values(taste).tobytes()


def test_a_film_by_content_hears_its_stand_ins_as_loud_as_a_new_film_of_the_model():
    """By their shares; the liked films that spoke for them are its reasons."""
    engine = make_linear(ROWS, make_live(5, stand_ins={4: {1: 30, 2: 10}}), meta=PLAIN)
    taste = Taste(liked={0: 1.0})
    assert engine.values(taste)[4] == pytest.approx(HEARD_YOUNG * (0.75 * 1.0 + 0.25 * 0.5))
    assert engine.explain(taste, np.array([4])) == {4: [(0, 1.0)]}


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_fewer_a_list_names_the_fainter_its_film_hears(count):
    """One neighbour is half as sure as itself, many speak as one."""
    rows = [[(1, 100, 0), (2, 100, 0), (3, 100, 0)], [], [], []]
    live = make_live(5, stand_ins={4: dict.fromkeys(range(1, count + 1), 9)}, listed=[4])
    engine = make_linear(rows, live, meta=PLAIN)
    assert engine.values(Taste(liked={0: 1.0}))[4] == pytest.approx(count / (count + 1))


def test_a_liked_live_film_says_what_its_stand_ins_say():
    """The mean of their rows."""
    engine = make_linear(ROWS, make_live(5, stand_ins={4: {0: 1, 1: 1}}), meta=PLAIN)
    taste = Taste(liked={4: 1.0})
    assert engine.values(taste).tolist() == pytest.approx([0.3, 0.5, 0.45, 0, 0])
    assert engine.explain(taste, np.array([2])) == {2: [(4, 1.0)]}


def test_a_stub_that_nobody_names_says_nothing_and_takes_nothing():
    """It does not even count as told."""
    engine = make_linear(ROWS, make_live(5))
    alone, beside = (engine.values(Taste(liked=liked)) for liked in ({0: 1.0}, {0: 1.0, 4: 1.0}))
    assert alone.tobytes() == beside.tobytes()


def test_a_disliked_live_film_pushes_its_neighbours_down():
    """As one that the model knows does."""
    rows = [[(1, 60, 0), (2, 50, 0)], [], [], []]
    engine = make_linear(rows, make_live(5, [(4, 1, 0)]), meta=PLAIN | {"dislike": 1.0})
    scores = ranked(engine, Taste(liked={0: 1.0}, disliked={4: 1.0}))
    assert scores.ids.tolist() == [2, 1]


def test_a_refused_reason_of_a_live_film_is_not_named():
    """Its other reasons stay; its stand-ins keep theirs."""
    engine = make_linear(ROWS, make_live(5, stand_ins={4: {2: 1}}), meta=PLAIN)
    told = {0: 1.0, 1: 1.0}
    before, after = Taste(liked=told), Taste(liked=told, off=frozenset({(4, 0)}))
    assert [film for film, _ in engine.explain(after, np.array([4]))[4]] == [1]
    assert engine.values(after)[4] == pytest.approx(HEARD_YOUNG * 0.4)
    assert engine.values(after)[3] == engine.values(before)[3]


def test_the_quality_of_a_live_film_is_its_own():
    """That of the others is the model's."""
    learned = Learned.of_rows(make_model(ROWS, quality=np.array([0.1, 0.2, 0.3, 0.7], np.float32)))
    quality = Linear(learned, Beside(make_live(6), learned)).quality
    assert quality.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.7, 0.4, 0.4])


@st.composite
def worlds(draw):
    """A model of a few films, some that came after it, and a taste over all."""
    known, new = draw(st.integers(2, 7)), draw(st.integers(1, 4))
    n = known + new
    inside, film = st.integers(0, known - 1), st.integers(0, n - 1)
    weight = st.integers(-99, 127)
    links = st.lists(st.tuples(inside, weight, weight), max_size=5, unique_by=lambda link: link[0])
    number = st.floats(-2, 2, width=16)
    broad = [np.array(draw(st.lists(number, min_size=known, max_size=known))).reshape(known, 1) for _ in "st"]
    model = make_model(
        [draw(links) for _ in range(known)],
        broad_source=broad[0],
        broad_target=broad[1],
        meta={"dislike": draw(st.sampled_from([0, 0.5]))},
    )
    lists = draw(st.dictionaries(film, st.lists(film, max_size=4, unique=True), max_size=n))
    edges = [(i, j, rank) for i, of in lists.items() for rank, j in enumerate(of) if i != j]
    stand_ins = draw(
        st.dictionaries(
            st.integers(known, n - 1), st.dictionaries(inside, st.integers(1, 255), min_size=1, max_size=4)
        )
    )
    live = make_live(n, edges, stand_ins, draw(st.frozensets(st.sampled_from(range(known, n)))))
    liked = draw(st.dictionaries(film, st.floats(0.1, 2), min_size=1, max_size=6))
    pair = st.tuples(film, st.sampled_from(sorted(liked)))
    taste = Taste(
        liked=liked,
        disliked=draw(st.dictionaries(film, st.just(1.0), max_size=2)),
        decided=draw(st.frozensets(film, max_size=3)),
        off=draw(st.frozensets(pair, max_size=4)),
        more=draw(st.frozensets(pair, max_size=3)),
    )
    return model, live, taste


def table_by_hand(learned, live, mixing):
    """What a like of each film says for each: float64[n, n], straight from the definition, by model and live."""
    n, known = len(live.places), len(learned.known)
    table = np.zeros((n, n))
    for i in range(known):
        for j, few, many in zip(learned.targets[i], learned.few[i], learned.many[i], strict=True):
            table[i, j] += learned.few_scale[i] * few + mixing * learned.many_scale[i] * many
        table[i, :known] += learned.broad_source[i] @ learned.broad_target
    few, many = learned.usual_row()
    voices = table.copy()
    for at, film in enumerate(live.placed.tolist()):
        shares = live.weights[at] / live.weights[at].sum()
        voices[film] = shares @ table[live.stand_ins[at]]
    for i, j, rank in zip(live.sources, live.targets, live.ranks, strict=True):
        if max(i, j) >= known and rank < len(few):
            voices[i, j] += few[rank] + mixing * many[rank]
    heard = voices.copy()
    for at, film in enumerate(live.placed.tolist()):
        count = (live.weights[at] > 0).sum()
        loud = count / (count + 1) if live.is_listed[at] else HEARD_YOUNG
        shares = live.weights[at] / live.weights[at].sum()
        heard[:, film] += loud * voices[:, live.stand_ins[at]] @ shares
    return heard


@given(worlds())
def test_values_and_reasons_are_the_terms_of_the_definition(world):
    """Each liked film's part, their sum, nothing of what was refused, and nothing that was decided."""
    model, live, taste = world
    learned = Learned.of_rows(model)
    beside = Beside(live, learned)
    engine = Linear(learned, beside)
    voices = {film: weight for film, weight in taste.voices().items() if beside.speaking[film]}
    mixing = learned.mixing(sum(voices.values()))
    table = table_by_hand(learned, live, mixing)
    values, reasons = engine.values(taste), engine.explain(taste, np.arange(len(live.places)))
    for film in range(len(live.places)):
        if film in {*taste.decided, *taste.liked, *taste.disliked}:
            assert values[film] == 0
        parts = {
            liked: 0 if (film, liked) in taste.off else weight * table[liked, film]
            for liked, weight in voices.items()
        }
        total = sum(parts.values())
        if not taste.disliked and film not in {*taste.decided, *taste.liked}:
            assert values[film] == pytest.approx(total, abs=5e-5)
        if total > 1e-2:
            shares = dict(reasons[film])
            assert sum(shares.values()) == pytest.approx(1)
            for liked, part in parts.items():
                assert shares.get(liked, 0) * total == pytest.approx(part, abs=2e-4)


@given(worlds())
def test_nothing_changes_for_a_taste_without_live_films(world):
    """Among the films that the model knows: the same bytes, and the same reasons."""
    model, live, taste = world
    learned = Learned.of_rows(model)
    known = len(model)

    def inside(films):
        return {film: weight for film, weight in films.items() if film < known}

    taste = Taste(
        liked=inside(taste.liked),
        disliked=inside(taste.disliked),
        decided=taste.decided,
        off=frozenset((film, because) for film, because in taste.off if max(film, because) < known),
    )
    plain, beside = Linear(learned), Linear(learned, Beside(live, learned))
    assert plain.values(taste).tobytes() == beside.values(taste)[:known].tobytes()
    films = np.arange(known)
    assert plain.explain(taste, films) == beside.explain(taste, films)


@given(worlds())
def test_more_likes_are_never_an_error(world):
    """From one to all films, live ones among them; finite, and the same whatever the order of telling."""
    model, live, _ = world
    learned = Learned.of_rows(model)
    engine = Linear(learned, Beside(live, learned))
    for count in range(1, len(live.places) + 1):
        liked = dict.fromkeys(range(count), 1.0)
        values = engine.values(Taste(liked=liked))
        assert np.isfinite(values).all()
        assert values.tobytes() == engine.values(Taste(liked=dict(reversed(liked.items())))).tobytes()
