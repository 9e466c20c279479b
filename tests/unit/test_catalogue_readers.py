"""Data sets on disk, read and cleaned: the sample in tests/data, where odd rows stand on purpose."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from moviefinder.catalogue import readers
from moviefinder.errors import Invalid
from moviefinder.records import Kind, Role

SAMPLE = Path(__file__).parents[1] / "data" / "catalogue"


@pytest.fixture(scope="module")
def facts():
    """Every film of the sample, by title; of two with one title the later."""
    return {fact.record.title: fact for fact in readers.facts(SAMPLE)}


@pytest.fixture
def folder(tmp_path):
    """A copy of the sample to damage."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "data"))


def test_entities_and_odd_spaces_are_cleaned(facts):
    """Also characters that nobody sees, and accents that stand apart from their letter."""
    assert "Salt & Smoke" in facts
    assert readers.clean(" Déjà\u00a0 Vu\u200e \t&amp;&#39; e\u0301") == "Déjà Vu &' é"


def test_impossible_values_are_unknown(facts):
    """A year to come, a running time of 0, another country's certificate."""
    assert facts["Yesterday Again"].record.year is None
    assert facts["Salt & Smoke"].record.runtime_min is None
    assert facts["City of Salt"].record.certificate == "PG-13"
    thin = next(
        fact
        for fact in readers.facts(SAMPLE)
        if fact.record.title == "The Mirror Lake" and fact.origins == "M"
    )
    assert thin.record.certificate is None


def test_languages_and_countries_are_codes(facts):
    """BCP 47 and ISO 3166, from English names."""
    film = facts["City of Salt"].record
    assert (film.languages, film.countries) == (("pt",), ("BR",))


def test_an_american_film_without_another_title_is_taken_for_english(facts):
    """And says that this is our own conclusion."""
    film = facts["Salt & Smoke"].record
    assert (film.languages, film.sources["languages"]) == (("en",), "moviefinder")
    assert facts["The Lantern Keeper"].record.languages == ()


def test_genres_that_only_movielens_has_are_added(facts):
    """With both sources named."""
    film = facts["Almost a Waltz"].record
    assert (film.genres, film.sources["genres"]) == (("romance", "comedy", "musical"), "tmdb, movielens")


def test_makers_of_series_are_creators_and_names_keep_their_order(facts):
    """Positions count from 0 within a role."""
    film = facts["Orbit of Ash"].record
    assert [(credit.role, credit.position) for credit in film.credits] == [
        (Role.DIRECTOR, 0), (Role.ACTOR, 0), (Role.ACTOR, 1), (Role.ACTOR, 2),
    ]  # fmt: skip
    assert film.credits[0].name == "Ada Voss"
    assert facts["Tidewater"].record.kind is Kind.SERIES
    assert facts["Tidewater"].record.refs[1].namespace == "tmdb-tv"


def test_every_known_field_says_where_it_is_from(facts):
    """And no unknown one does."""
    film = facts["The Lantern Keeper"].record
    assert film.sources == dict.fromkeys(("title", "year", "genres", "score", "votes"), "movielens") | {
        "trailer": "tmdb"
    }
    for fact in facts.values():
        for field in fact.record.sources:
            assert getattr(fact.record, field), (fact.record.title, field)


def test_a_trailer_is_of_the_open_list_only_when_it_stands_there(facts):
    """A newer key is TMDB's."""
    sources = {fact.record.sources["trailer"] for fact in facts.values()}
    assert sources == {"youtube-trailers", "tmdb"}


def test_the_mean_is_doubled(facts):
    """MovieLens' five stars are our ten."""
    assert (facts["Orbit of Ash"].record.score, facts["Brand New"].record.score) == (7.0, None)


def test_nobody_is_counted_twice():
    """User numbers are not shared between editions, and one person is in two: the longer history counts."""
    ratings = readers.ratings(SAMPLE)
    rows = {
        edition: (SAMPLE / edition / name.removesuffix(".gz")).read_text().splitlines()[1:]
        for edition, name in readers.RATINGS.items()
    }
    users = {(edition, line.partition(",")[0]) for edition, lines in rows.items() for line in lines}
    dropped = sum(line.startswith("1,") for line in rows["movielens-latest-small-2015-04"])
    assert ratings.n_people == len(users) - 1 == len(set(ratings.people.tolist()))
    assert len(ratings.stars) == sum(map(len, rows.values())) - dropped


def test_packed_and_plain_files_read_alike(folder):
    """The real data sets are packed, the sample is not."""
    before = readers.facts(folder)
    plain = folder / "film-facts" / "films.tsv"
    (folder / readers.FACTS).write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    assert readers.facts(folder) == before


def test_a_missing_data_set_is_named(folder):
    """With what to do about it."""
    (folder / "movielens-latest-2023" / "movies.csv").unlink()
    with pytest.raises(Invalid, match=r"no movielens-latest-2023/movies\.csv\.gz in .*Name the folder"):
        readers.facts(folder)


def test_a_missing_column_is_named(folder):
    """A file of another shape is refused before anything is made of it."""
    path = folder / "film-facts" / "films.tsv"
    path.write_text(path.read_text().replace("tmdb_votes", "votes", 1))
    with pytest.raises(Invalid, match="no column 'tmdb_votes'"):
        readers.facts(folder)
