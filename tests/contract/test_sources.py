"""What every film source must hold, ours and others': a new one joins by its line in `KNOWN`.

The catalogue is asked in place; the others over real HTTP, of a stand-in that serves samples in the documented shapes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from pathlib import Path

import pytest

from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.errors import (
    FilmNotFound,
    SourceNonsense,
    SourceOff,
    SourceRefused,
    SourceUnavailable,
)
from moviefinder.records import GENRES, FilmRecord, Kind, Ref
from moviefinder.sources import Capability, OutsideHost, http
from moviefinder.sources.answers import checked
from moviefinder.sources.loading import OWN
from moviefinder.store.hosts import HostLedger
from moviefinder.store.schema import prepare
from tests.stand_in import running

MATRIX = Ref("imdb", "tt0133093")
MISSING = Ref("imdb", "tt9999999")
FACTS = {field.name for field in fields(FilmRecord)} - {"refs", "kind", "adult", "sources"}


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a source is known to tell of The Matrix, and how else it can be asked for it."""

    also: Sequence[Ref] = ()
    similar: int = 0
    tells: Sequence[str] = ("title", "year")


KNOWN = {
    "embedded": Known(also=[Ref("tmdb", "603")], similar=10),
    "tmdb": Known(
        also=[Ref("tmdb", "603")],
        similar=4,
        tells=(
            "title",
            "year",
            "credits",
            "certificate",
            "trailer",
            "poster",
            "offers",
            "description",
            "score",
        ),
    ),
    "imdb": Known(tells=("title", "year", "credits", "poster")),
    "imdb-graphql": Known(similar=3, tells=("title", "year", "credits", "poster", "description", "score")),
    "wikidata": Known(
        also=[Ref("tmdb", "603"), Ref("wikidata", "Q83495")],
        tells=("title", "year", "credits", "trailer", "genres", "countries", "languages", "runtime_min"),
    ),
    "wikipedia": Known(also=[Ref("wikidata", "Q83495")], tells=("title", "description", "description_url")),
}


@pytest.fixture(scope="module")
def app(outside, tmp_path_factory):
    """An App whose sources are all on and ask the stand-in."""
    folder = tmp_path_factory.mktemp("sources")
    app = make_app(Settings(data=folder, **outside.settings()))
    prepare(app.engine)
    yield app
    app.close()


@pytest.fixture(params=KNOWN)
def source(request, app):
    """Each source."""
    return app.sources[request.param]


@pytest.fixture(params=OWN)
def outside_source(request, app):
    """Each source that calls somebody."""
    return app.sources[request.param]


@pytest.fixture
def known(source):
    """What it is known to tell."""
    return KNOWN[source.name]


def asked(stand_in, source):
    """How many questions the stand-in was asked by a source."""
    return len(stand_in.journal(f"/{source.name}")) + len(stand_in.journal("/wikidata"))


def test_every_source_of_ours_is_held_to_this(app):
    """And the order of the mapping is that of trust."""
    assert list(app.sources) == ["embedded", *OWN]
    assert set(app.sources) == KNOWN.keys()


def test_a_source_says_what_it_is(source):
    """Its name is how settings call it; it names its hosts, its terms and what it can be asked."""
    assert source.name in KNOWN
    assert source.title
    assert source.can <= set(Capability)
    assert all(
        isinstance(host, OutsideHost) and host.host and host.purpose and host.sends for host in source.hosts
    )
    assert source.keeps is None or source.keeps > timedelta(0)
    assert bool(source.credit) == bool(source.hosts)  # whoever is asked is named
    assert source.needs is None


def test_a_film_comes_as_a_record(source, known):
    """With the reference asked for, and a source for each thing that is known."""
    for ref in (MATRIX, *known.also):
        film = source.film(ref)
        assert isinstance(film, FilmRecord)
        assert ref in film.refs
        assert (film.title, film.kind) == ("The Matrix", Kind.MOVIE)
        assert film.year in (1999, None)
        assert set(known.tells) <= film.sources.keys() <= FACTS


def test_whatever_is_told_is_within_bounds(source, known):
    """Every field of a type, a length and a range: reading a record again changes nothing."""
    told = [source.film(MATRIX), *source.similar(MATRIX), *source.search("The Matrix")]
    for film in told:
        assert replace(checked(film, source.name), sources={}) == replace(film, sources={}, popularity=None)
        assert set(film.genres) <= GENRES.keys()


def test_an_unknown_film_is_not_found(source):
    """And nothing is guessed."""
    with pytest.raises(FilmNotFound):
        source.film(MISSING)
    if Capability.SIMILAR in source.can:
        with pytest.raises(FilmNotFound):
            source.similar(MISSING)


def test_a_reference_that_it_does_not_take_is_not_found_and_not_asked_for(source, stand_in):
    """A film is never asked for by a number of somebody else."""
    stand_in.clear()
    for namespace, value in {"imdb": "tt0133093", "tmdb": "603", "wikidata": "Q1", "mf": "made"}.items():
        if namespace not in source.takes:
            with pytest.raises(FilmNotFound):
                source.film(Ref(namespace, value))
    assert asked(stand_in, source) == 0


def test_a_search_gives_films_best_first(source):
    """Narrowed by year, cut at the limit, empty when there are none; nothing else than films."""
    if Capability.SEARCH not in source.can:
        assert source.search("The Matrix") == []
        return
    assert source.search("the matrix")[0].title == "The Matrix"
    assert MATRIX in source.film(source.search("  The   MATRIX ")[0].refs[0]).refs
    assert source.search("The Matrix", year=1950) == []
    assert source.search("no film is called this") == []
    assert source.search("   ") == []
    assert len(source.search("The Matrix", limit=1)) == 1


def test_similar_films_are_others_without_repeats(source, known):
    """At most as many as asked for; a source that knows no likeness says so."""
    similar = source.similar(MATRIX, limit=10)
    refs = [film.refs[0] for film in similar]
    assert len(refs) == len(set(refs)) == known.similar
    assert (Capability.SIMILAR in source.can) == bool(known.similar)
    assert not {ref for film in similar for ref in film.refs} & set(source.film(MATRIX).refs)
    assert source.similar(MATRIX, limit=2) == similar[:2]


def test_a_poster_is_an_image_of_the_source(source):
    """By the pointer in its own records alone; anything else never becomes an address."""
    if Capability.POSTER not in source.can:
        with pytest.raises(FilmNotFound):
            source.poster("/anything.jpg")
        return
    pointer = source.film(MATRIX).poster
    assert source.poster(pointer).startswith(b"\xff\xd8\xff")
    for hostile in (
        "",
        "../secret",
        "https://evil.example/a.jpg",
        "/a.jpg?x=1",
        "/..%2fa.jpg",
        "\0",
        "a" * 999,
    ):
        with pytest.raises((SourceNonsense, FilmNotFound)):
            source.poster(hostile)


FAULTS = {"503": SourceUnavailable, "garbage": SourceNonsense, "403": SourceRefused}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_as_what_it_is(outside_source, app, stand_in, fault):
    """Away, talking nonsense, or turning us away; and when that is over, it is asked as before."""
    ledger = HostLedger(app.engine)
    for prefix in (f"/{outside_source.name}", "/wikidata"):
        stand_in.fault(prefix, fault)
    with http.anew(), http.within(5), pytest.raises(FAULTS[fault]):
        outside_source.film(MATRIX)
    stand_in.clear()
    for host in outside_source.hosts:
        ledger.unblock(host.host)
    with http.anew():
        assert outside_source.film(MATRIX).title == "The Matrix"


def test_a_source_that_is_off_is_not_asked(outside_source, outside, stand_in, tmp_path):
    """Whatever is asked of it, nothing leaves this machine."""
    app = make_app(Settings(data=tmp_path, offline=True, **outside.settings()))
    prepare(app.engine)
    off = app.sources[outside_source.name]
    with pytest.raises(SourceOff):
        off.film(MATRIX)
    for asking in (lambda: off.search("x"), lambda: off.similar(MATRIX)):
        with suppress(SourceOff):
            assert asking() == []  # what it cannot do anyway
    app.close()
    assert asked(stand_in, outside_source) == 0


def test_all_of_a_film_is_one_question(app, stand_in):
    """What is alike comes with the film where a source has both, and is not asked for again."""
    for name in ("tmdb", "imdb-graphql"):
        source = app.sources[name]
        with http.anew():
            source.film(MATRIX)
        before = asked(stand_in, source)
        source.similar(MATRIX)
        source.film(MATRIX)
        assert asked(stand_in, source) == before


def test_keys_go_where_they_belong(outside, stand_in, tmp_path):
    """A token of TMDB in a header, a key of its older kind in the address; neither to anybody else."""
    for key in ("eyJhbGciOiJIUzI1NiJ9.token", "0123456789abcdef"):
        settings = outside.settings()
        settings["sources"]["tmdb"]["key"] = key
        app = make_app(Settings(data=tmp_path, **settings))
        prepare(app.engine)
        with http.anew():
            for name in OWN:
                app.sources[name].film(MATRIX)
        app.close()
        for question in stand_in.journal():
            is_tmdb, told = question["path"].startswith("/tmdb/"), json.dumps(question)
            assert (key in told) == is_tmdb, question["path"]
            if is_tmdb:
                assert (question["headers"].get("authorization") == f"Bearer {key}") == key.startswith("eyJ")
                assert ("api_key" in question["query"]) == (not key.startswith("eyJ"))
        stand_in.clear()


RECORDED = Path(__file__).resolve().parents[3] / "shared" / "fixtures"


@pytest.mark.skipif(not RECORDED.is_dir(), reason="needs ../shared/fixtures")
def test_recorded_answers_come_over_the_wire(tmp_path):
    """What the services themselves have answered, served over real HTTP."""
    with running(recorded=True) as stand_in:
        app = make_app(Settings(data=tmp_path, **stand_in.settings()))
        prepare(app.engine)
        assert app.sources["imdb"].search("The Matrix")[0].refs == (MATRIX,)
        assert app.sources["imdb"].search("sdfgsdfgsdfgsdfg") == []
        assert app.sources["imdb-graphql"].film(MATRIX).credits[0].name == "Lana Wachowski"
        assert len(app.sources["imdb-graphql"].similar(MATRIX)) == 12
        crystal = app.sources["tmdb"].film(Ref("tmdb", "12313"))
        assert (crystal.title, crystal.original_title, crystal.year) == ("Rock Crystal", "Bergkristall", 2004)
        assert len(app.sources["tmdb"].similar(Ref("tmdb", "12313"))) == 25
        app.close()
