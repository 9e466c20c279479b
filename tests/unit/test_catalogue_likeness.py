"""A film that comes later is as like the others as if it had been among them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.catalogue.likeness import Likeness, Traits, cast_of, makers_of, words_of
from moviefinder.records import Credit, Kind, Role
from moviefinder.titles.fold import fold
from tests.factories import make_film

NAMES = ["Ada", "Bo", "Cy", "Di"]
credits = st.lists(
    st.builds(Credit, name=st.sampled_from(NAMES), role=st.sampled_from(Role), position=st.integers(0, 3)),
    max_size=3,
    unique_by=lambda credit: (credit.role, credit.position),
).map(tuple)
films = st.builds(
    make_film,
    title=st.lists(st.sampled_from(["dark", "river", "the", "2", "sea"]), min_size=1, max_size=3).map(
        " ".join
    ),
    kind=st.sampled_from(Kind),
    year=st.none() | st.integers(1950, 2020),
    genres=st.just(()),  # their weights depend on how many films there are
    languages=st.sampled_from([(), ("en",), ("de", "fr"), ("fr",)]),
    credits=credits,
)


@given(st.lists(films, min_size=1, max_size=8), films)
def test_a_film_that_comes_later_is_as_like_the_others_as_one_that_was_there(before, later):
    """By people, words of the title, era, language and kind."""
    n = len(before)
    whole = Likeness(Traits.of([*before, later])).to_all(n, n + 1)[0, :n]
    every = [*before, later]
    found = Likeness(Traits.of(before)).of_another(
        Traits.of([later]),
        makers={at: makers_of(film.credits) for at, film in enumerate(every)},
        cast={at: cast_of(film.credits) for at, film in enumerate(every)},
        words={at: words_of(fold(film.title)) for at, film in enumerate(every)},
    )
    assert found.tolist() == pytest.approx(whole.tolist(), abs=1e-6)


def test_genres_weigh_what_they_weigh_among_the_others():
    """The rarer the more; one that none of them has tells nothing."""
    before = [make_film(n, genres=("drama",) if n else ("western",), credits=()) for n in range(9)]
    likeness = Likeness(Traits.of(before))

    def alike(*genres):
        later = make_film(99, title="Later", genres=genres, credits=())
        return likeness.of_another(Traits.of([later]), makers={}, cast={}, words={})

    assert np.argmax(alike("western")) == 0
    assert alike("western", "drama")[0] > alike("western", "drama")[1]
    assert len(set(alike("musical")[1:].tolist())) > 1  # by year alone
    assert alike("drama")[1:].min() > alike("musical")[1:].max()
