"""Similar lists: what they name, and that every film is reached."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.catalogue import build, readers, similar
from moviefinder.catalogue.colikes import colikes
from moviefinder.catalogue.likeness import Likeness, Traits
from moviefinder.catalogue.reach import LEAST_NAMED, connect, missed, turned
from moviefinder.records import Kind

SAMPLE = Path(__file__).parents[1] / "data" / "catalogue"


@pytest.fixture(scope="module")
def facts():
    """The chosen films of the sample, in order."""
    return build.by_popularity(build.merged(filter(build.is_wanted, readers.facts(SAMPLE))))


@pytest.fixture(scope="module")
def ratings():
    """All ratings of the sample."""
    return readers.ratings(SAMPLE)


@pytest.fixture(scope="module")
def neighbours(facts, ratings):
    """Title -> titles alike with their weights, best first."""
    lists = similar.similar_lists(facts, ratings)
    titles = [fact.record.title for fact in facts]
    named = [titles[film] for film in lists.neighbours]
    found, start = {}, 0
    for title, length in zip(titles, lists.lengths.tolist(), strict=True):
        weights = lists.weights[start : start + length].tolist()
        found[title] = list(zip(named[start : start + length], weights, strict=True))
        start += length
    return found


def test_what_the_same_people_like_comes_first(facts, neighbours):
    """In the sample, friends of space films like no romances."""
    genres = {fact.record.title: fact.record.genres for fact in facts}
    first = [name for name, _ in neighbours["Gravity Street"][:5]]
    assert all("sci-fi" in genres[name] for name in first)


def test_a_sequel_names_its_first_part_at_the_top(neighbours):
    """Same words, same director, same public."""
    assert "Orbit of Ash" in [name for name, _ in neighbours["Orbit of Ash II: The Return"][:3]]


def test_a_film_that_nobody_rated_is_placed_by_what_is_known_of_it(neighbours):
    """And is named by others in turn."""
    assert {"Orbit of Ash", "Orbit of Ash II: The Return"} & {name for name, _ in neighbours["Brand New"][:4]}
    assert any("Brand New" in {name for name, _ in row} for row in neighbours.values())


def test_a_series_names_series_first(facts, neighbours):
    """As far as there are any."""
    series = {fact.record.title for fact in facts if fact.record.kind is Kind.SERIES}
    for title in series:
        assert {name for name, _ in neighbours[title][:3]} == series - {title}


def test_weights_fall_from_255_to_1_at_most(neighbours):
    """Best first, a byte each, none of them 0."""
    for row in neighbours.values():
        weights = [weight for _, weight in row]
        assert weights == sorted(weights, reverse=True)
        assert weights[0] <= 255
        assert weights[-1] >= 1


def test_people_who_like_everything_say_less(facts, ratings):
    """What choosy people like beside a film is nearer to it than what as many omnivores like beside it."""
    rated = [fact.movielens_ids[0] for fact in facts if fact.movielens_ids]
    film, by_choosy, by_omnivores = rated[:3]
    people, films = [], []
    for person in range(12):
        liked = [film, by_choosy] if person < 6 else [film, by_omnivores, *rated[3:]]
        people += [person] * len(liked)
        films += liked
    made = replace(
        ratings,
        people=np.array(people, np.int32),
        movielens_ids=np.array(films, np.int32),
        stars=np.full(len(films), 5, np.float32),
        n_people=12,
    )
    found = colikes(facts, made)
    columns = {facts[at].movielens_ids[0]: column for column, at in enumerate(found.positions.tolist())}
    strength = found.strength[columns[film]]
    assert strength[columns[by_choosy]] > strength[columns[by_omnivores]] > 0


def test_likeness_is_the_same_both_ways(facts):
    """And lies between 0 and 1."""
    likeness = Likeness(Traits.of([fact.record for fact in facts])).to_all(0, len(facts))
    assert np.allclose(likeness, likeness.T, atol=1e-6)
    assert likeness.min() >= 0
    assert likeness.max() <= 1


def test_blocks_do_not_change_the_lists(facts, ratings, monkeypatch):
    """A film's list must not depend on where a block ends."""
    whole = similar.similar_lists(facts, ratings)
    monkeypatch.setattr(similar, "_BLOCK", 7)
    parts = similar.similar_lists(facts, ratings)
    assert whole.neighbours.tolist() == parts.neighbours.tolist()
    assert whole.weights.tolist() == parts.weights.tolist()


@given(st.integers(8, 40), st.randoms(use_true_random=False))
def test_whatever_the_lists_every_film_is_named_and_reached(n, random):
    """Even when all name the same few, in groups that do not know each other."""
    half = n // 2
    groups = [list(range(half)), list(range(half, n))]
    lists = []
    for film in range(n):
        own = [other for other in groups[film >= half][:5] if other != film]
        lists.append([(other, 100 - place) for place, other in enumerate(own)])
    hosts = [
        [(host, 9) for host in random.sample([*range(film), *range(film + 1, n)], 4)] for film in range(n)
    ]
    made = connect(lists, hosts, longest=6)
    named = Counter(film for row in made for film, _ in row)
    assert all(named[film] >= LEAST_NAMED for film in range(n))
    assert not missed(made)
    assert not missed(turned(made))
    for film, row in enumerate(made):
        assert len(row) <= 6
        assert film not in {other for other, _ in row}
        assert len({other for other, _ in row}) == len(row)
