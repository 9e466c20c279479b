"""What every recommender must hold, whatever it learns from. A new one joins by its line in `RECOMMENDERS`."""

import numpy as np
import pytest

from moviefinder.recommend import Places, Taste, ranked
from moviefinder.recommend.fuse import Fused
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from moviefinder.recommend.lists import SimilarLists
from moviefinder.recommend.live import Beside, Live
from moviefinder.recommend.votes import Votes
from tests.factories import make_model

N = 24


def learned():
    """The same two tastes, learned: each film speaks for its like and against the others, and a little for all."""
    rows = [[(j, 100 if (i - j) % 2 == 0 else -30, -10) for j in range(N) if j != i] for i in range(N)]
    broad = np.column_stack([np.full(N, 0.01), np.linspace(0.02, 0.01, N)])
    model = make_model(rows, broad_source=broad, broad_target=broad)
    return Learned.of(model, np.arange(100, 100 + N), np.arange(N))


def checkerboard():
    """Two tastes that share nothing: each even film is like every other even one, each odd like every odd one."""
    targets = np.array([j for i in range(N) for j in range(i % 2, N, 2) if j != i], np.int32)
    offsets = np.arange(N + 1, dtype=np.int64) * (N // 2 - 1)
    return SimilarLists(np.arange(100, 100 + N), offsets, targets, np.full(len(targets), 200, np.uint8))


def renewed(lists):
    """The same lists, every third one laid over the others, that of a film beyond them among these."""
    before = SimilarLists(lists.places.ids[:-1], *_but_the_last(lists))
    films = np.arange(2, N, 3)
    own = [lists.named(film) for film in films.tolist()]
    return before.laid_over(
        lists.places,
        films,
        np.array([len(targets) for targets, _ in own]),
        np.concatenate([targets for targets, _ in own]),
        np.concatenate([weights for _, weights in own]),
    )


def _but_the_last(lists):
    """Offsets, targets and weights without the last film, as source and as target."""
    kept = [lists.named(film) for film in range(N - 1)]
    kept = [(targets[targets < N - 1], weights[targets < N - 1]) for targets, weights in kept]
    offsets = np.cumsum([0, *(len(targets) for targets, _ in kept)]).astype(np.int64)
    return offsets, *(np.concatenate(column) for column in zip(*kept, strict=True))


def half_learned():
    """The same, learned of the first sixteen films; the others came since, by their lists or by content."""
    rows = [[(j, 100 if (i - j) % 2 == 0 else -30, -10) for j in range(16) if j != i] for i in range(16)]
    learned = Learned.of(make_model(rows), np.arange(100, 116), np.arange(16))
    alike = [(i, [j for j in range(i % 2, N, 2) if j != i]) for i in range(N)]
    links = np.array([(i, j, rank) for i, of in alike for rank, j in enumerate(of) if max(i, j) >= 16])
    live = Live(
        places=Places(np.arange(100, 100 + N)),
        sources=links[:, 0],
        targets=links[:, 1],
        ranks=links[:, 2],
        placed=np.arange(16, N),
        is_listed=np.arange(16, N) % 3 == 0,
        stand_ins=np.array([list(range(i % 2, 16, 2)) for i in range(16, N)]),
        weights=np.ones((N - 16, 8), np.float32),
        quality=np.full(N, 0.5, np.float32),
    )
    return Linear(learned, Beside(live, learned))


RECOMMENDERS = {
    "votes": lambda: Votes(checkerboard()),
    "linear": lambda: Linear(learned()),
    "linear, a third of the films live": half_learned,
    "votes, a third of the lists new": lambda: Votes(renewed(checkerboard())),
    "fused": lambda: Fused([(Linear(learned()), 1.0), (Votes(checkerboard()), 0.5)]),
}


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
    assert set(ranked(recommender, likes(*told)).ids[: len(expected)].tolist()) == expected


def test_a_decided_film_is_never_recommended(recommender):
    """Not even when everything names it."""
    taste = Taste(liked={100: 1.0, 102: 1.0}, decided=frozenset({100, 102, 104, 106}))
    assert not set(ranked(recommender, taste).ids.tolist()) & taste.decided


def test_liked_and_disliked_films_are_not_recommended(recommender):
    """Also where the caller forgot to call them decided."""
    found = ranked(recommender, Taste(liked={100: 1.0}, disliked={102: 1.0})).ids.tolist()
    assert not {100, 102} & set(found)


def test_scores_are_finite_best_first_and_without_repeats(recommender):
    """int64 ids and float32 values of one length."""
    scores = ranked(recommender, likes(100, 101, 107))
    assert scores.ids.dtype == np.int64
    assert scores.values.dtype == np.float32
    assert len(scores.ids) == len(scores.values) == len(set(scores.ids.tolist()))
    assert np.isfinite(scores.values).all()
    assert (np.diff(scores.values) <= 0).all()


def test_every_film_has_a_finite_value_by_its_position(recommender):
    """Float32, nothing where it may not be recommended."""
    taste = likes(100, 101, 107)
    values = recommender.values(taste)
    assert (values.dtype, values.shape) == (np.float32, (N,))
    assert np.isfinite(values).all()
    assert not values[recommender.places.of(np.array([100, 101, 107]))].any()


def test_the_same_taste_gives_the_same_bytes(recommender):
    """In whatever order it was told."""
    first, second = ranked(recommender, likes(100, 103, 110)), ranked(recommender, likes(110, 100, 103))
    assert first.ids.tobytes() == second.ids.tobytes()
    assert first.values.tobytes() == second.values.tobytes()


def test_an_empty_taste_gets_an_empty_list(recommender):
    """And so does one that only dislikes."""
    assert len(ranked(recommender, Taste())) == 0
    assert len(ranked(recommender, Taste(disliked={100: 1.0}))) == 0


def test_unknown_films_are_no_error(recommender):
    """A film that the engine has not learned says nothing, and takes nothing from the others."""
    known = ranked(recommender, likes(100))
    with_stranger = ranked(recommender, likes(100, 999_999))
    assert known.ids.tolist() == with_stranger.ids.tolist()
    assert len(ranked(recommender, likes(999_999))) == 0


def test_more_likes_are_never_an_error(recommender):
    """From one to all of them."""
    for count in range(1, N + 1):
        ranked(recommender, likes(*range(100, 100 + count)))


def test_reasons_are_liked_films_with_shares_that_add_up_to_one(recommender):
    """Best first, and one at least for each film that was recommended."""
    taste = likes(100, 102, 105)
    ids = ranked(recommender, taste).ids
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


def test_reasons_are_cut_where_few_are_wanted(recommender):
    """The best ones stay, with the shares they had."""
    taste = likes(100, 102, 104, 106)
    whole, cut = (recommender.explain(taste, np.array([108]), most=most)[108] for most in (None, 2))
    assert len(whole) == 4
    assert cut == whole[:2]


def test_a_refused_reason_is_never_named(recommender):
    """The film falls by what that reason gave, and the others stay in their order."""
    told = {100: 1.0, 102: 1.0}
    before, after = Taste(liked=told), Taste(liked=told, off=frozenset({(104, 100)}))
    assert [film for film, _ in recommender.explain(after, np.array([104]))[104]] == [102]
    assert recommender.values(after)[4] < recommender.values(before)[4]
    first, second = (ranked(recommender, taste).ids.tolist() for taste in (before, after))
    assert [film for film in first if film != 104] == [film for film in second if film != 104]


def test_a_film_with_all_its_reasons_refused_is_not_recommended(recommender):
    """No crumb of a sum remains."""
    told = [100, 102, 103]
    taste = Taste(liked=dict.fromkeys(told, 1.0), off=frozenset((104, because) for because in told))
    assert 104 not in ranked(recommender, taste).ids.tolist()
    assert recommender.explain(taste, np.array([104])) == {104: []}


def test_more_of_one_side_strengthens_that_film_everywhere(recommender):
    """Its kind rises beside what the other liked film brings."""
    told = dict.fromkeys((100, 101), 1.0)
    before, after = (
        recommender.values(Taste(liked=told, more=more)) for more in (frozenset(), frozenset({(104, 100)}))
    )
    assert after[6] / after[7] > before[6] / before[7]
