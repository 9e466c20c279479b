"""Another package adds a source by an entry point; one that is broken is named once and left out."""

import pytest
from structlog.testing import capture_logs

from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.errors import FilmNotFound, SourceNonsense, SourceOff
from moviefinder.records import Kind, Ref
from moviefinder.services import sources as service
from moviefinder.sources.loading import OWN
from moviefinder.store.schema import prepare

MODULE = '''
"""A film club's programme as a source, as docs/sources.md shows one."""
from datetime import timedelta

from moviefinder.errors import FilmNotFound
from moviefinder.records import Credit, FilmRecord, Kind, Ref, Role
from moviefinder.sources import Capability, OutsideHost
from moviefinder.sources.addresses import name_of


class FilmClub:
    name = "film-club"
    title = "The film club"
    can = frozenset({Capability.SEARCH, Capability.FILM})
    takes = ("imdb",)
    keeps = timedelta(days=7)
    needs = None
    credit = "Programme of the film club."

    def __init__(self, client, settings):
        self._base = settings.source(self.name).address or "https://club.example"
        self.hosts = (OutsideHost(host=name_of(self._base), purpose="The programme.", sends="Titles."),)
        self._outlet = client.outlet(self.name, hosts=self.hosts, every_s=1.0)

    def search(self, title, *, year=None, limit=10):
        return [self._record("tt0000007", "A Fine Film"), "no record", self._record("nonsense", "Bad")][:limit]

    def film(self, ref):
        if ref.value == "tt0000009":
            return {}["a film"]
        if ref.value == "tt0000008":
            return self._record("tt0000008", "")
        answer = self._outlet.get_json(f"{self._base}/suggestion/titles/x/{ref.value}.json")
        if not answer["d"]:
            raise FilmNotFound(ref)
        return self._record(ref.value, answer["d"][0]["l"] + "\\x00")

    def similar(self, ref, *, limit=25):
        return []

    def poster(self, pointer):
        if pointer:
            raise FilmNotFound(pointer)

    def _record(self, number, title):
        return FilmRecord(
            refs=(Ref("imdb", number),), kind=Kind.MOVIE, title=title, year=99999, score=7.5,
            genres=("drama", "no-genre"), countries=("XX", "DE"), certificate="x" * 99,
            credits=(Credit(name="Ada Made", role=Role.DIRECTOR, position=0), "nobody"),
        )


def raises(client, settings):
    raise RuntimeError("no wire")


def half(client, settings):
    club = FilmClub(client, settings)
    club.name, club.can = "half", None
    return club


class Again(FilmClub):
    name = "tmdb"


class Catalogue(FilmClub):
    name = "catalogue"
'''
ENTRY_POINTS = """[moviefinder.sources]
film-club = film_club:FilmClub
raises = film_club:raises
half = film_club:half
missing = film_club:Nothing
tmdb = film_club:Again
catalogue = film_club:Catalogue
"""


@pytest.fixture
def app(tmp_path, monkeypatch, outside):
    """An App beside which a package with a good source and five broken ones is installed."""
    installed = tmp_path / "installed"
    about = installed / "film_club-1.0.dist-info"
    about.mkdir(parents=True)
    (installed / "film_club.py").write_text(MODULE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: film-club\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(installed))
    club = {"film-club": {"on": True, "address": f"{outside.address}/imdb", "every_s": 0}}
    app = make_app(Settings(data=tmp_path, sources=club))
    prepare(app.engine)
    yield app
    app.close()


def test_a_package_adds_a_source(app, stand_in):
    """It stands after ours, is asked through the same way out, and is in the list of what leaves this machine."""
    assert list(app.sources) == ["embedded", *OWN, "film-club"]
    film = app.sources["film-club"].film(Ref("imdb", "tt0133093"))
    assert film.title == "The Matrix"
    assert len(stand_in.journal("/imdb")) == 1
    with app.reading() as session:
        assert list(service.sources_on(app, session)) == ["film-club"]
        listed = {state.name: state for state in service.states(app, session, may_operate=True)}
    assert listed["film-club"].title == "The film club"
    assert (listed["film-club"].keeps_days, listed["film-club"].hosts[0].calls) == (7, 1)


def test_what_it_tells_is_read_as_strictly_as_an_answer(app):
    """Wrong values are unknown, records that are none are left out, a film without a name is nonsense."""
    club = app.sources["film-club"]
    (film,) = club.search("anything")
    assert (film.title, film.kind, film.year, film.score) == ("A Fine Film", Kind.MOVIE, None, 7.5)
    assert (film.genres, film.countries, film.certificate) == (("drama",), ("DE",), None)
    assert [credit.name for credit in film.credits] == ["Ada Made"]
    with pytest.raises(SourceNonsense):
        club.film(Ref("imdb", "tt0000008"))


def test_what_it_breaks_over_is_its_own_fault(app):
    """One kind of error and a line in the log; nobody's page breaks, and a test tells of it."""
    club = app.sources["film-club"]
    with capture_logs() as lines, pytest.raises(SourceNonsense, match="The film club"):
        club.film(Ref("imdb", "tt0000009"))
    assert [(line["event"], line["source"]) for line in lines] == [("source.broken", "film-club")]
    with pytest.raises(SourceNonsense):
        club.poster("")
    with pytest.raises(FilmNotFound):
        club.poster("any")


def test_it_is_off_like_any_other(app, tmp_path, stand_in):
    """Until it is switched on, it reaches nobody."""
    off = make_app(Settings(data=tmp_path))
    with pytest.raises(SourceOff):
        off.sources["film-club"].film(Ref("imdb", "tt0133093"))
    off.close()
    assert stand_in.journal("/imdb") == []


def test_a_broken_one_is_named_in_one_line_and_left_out(app):
    """Each with its reason; ours are there, and none of them is taken away."""
    with capture_logs() as lines:
        made = list(app.sources)
    assert made == ["embedded", *OWN, "film-club"]
    told = {line["source"]: line["reason"] for line in lines if line["event"] == "source.broken"}
    assert told.keys() == {"raises", "half", "missing", "tmdb", "catalogue"}
    assert "no wire" in told["raises"]
    assert "'can'" in told["half"]
    assert "another source" in told["tmdb"]
    assert "another source" in told["catalogue"]
    assert type(app.sources["tmdb"]).__module__ == "moviefinder.sources.tmdb"
