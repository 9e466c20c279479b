"""Settings: arguments over environment over file over defaults; a wrong one is named."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from moviefinder.config import Settings, load_settings
from moviefinder.errors import Invalid


@pytest.fixture(autouse=True)
def _no_settings_outside(monkeypatch, tmp_path):
    """What the machine has set is not for these tests."""
    import os

    for name in os.environ:
        if name.startswith("MOVIEFINDER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MOVIEFINDER_DATA", str(tmp_path))


def test_everything_has_a_default(tmp_path):
    """A bare start works."""
    settings = load_settings()
    assert (settings.host, settings.port, settings.data) == ("127.0.0.1", 8000, tmp_path)
    assert settings.is_local
    assert settings.sqlite_path == tmp_path / "moviefinder.db"


def test_the_nearer_source_wins(tmp_path, monkeypatch):
    """File, then environment, then argument; an empty variable counts as not set."""
    (tmp_path / "moviefinder.toml").write_text('port = 1111\nthreads = 3\nhosts = ["a.example"]\n')
    assert load_settings().port == 1111
    monkeypatch.setenv("MOVIEFINDER_PORT", "2222")
    monkeypatch.setenv("MOVIEFINDER_THREADS", "")
    monkeypatch.setenv("MOVIEFINDER_HOSTS", "b.example, c.example")
    settings = load_settings()
    assert (settings.port, settings.threads, settings.hosts) == (2222, 3, ("b.example", "c.example"))
    assert load_settings(port=3333).port == 3333


def test_a_value_may_stand_in_a_file_of_its_own(tmp_path, monkeypatch):
    """As secrets do."""
    (tmp_path / "address").write_text("postgresql+psycopg://films@db/films\n")
    monkeypatch.setenv("MOVIEFINDER_DATABASE_FILE", str(tmp_path / "address"))
    settings = load_settings()
    assert settings.database_url == "postgresql+psycopg://films@db/films"
    assert settings.sqlite_path is None


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("port = 70000", "port"),
        ("port = 'high'", "port"),
        ("colour = 'red'", "colour"),
        ("base_url = 'films.example'", "base_url"),
        ("base_url = 'https://films.example/path'", "base_url"),
        ("log_level = 'loud'", "log_level"),
        ("hosts = ['films.lan:8000']", "films.lan:8000"),
        ("contact = 'me) urllib3 ('", "contact"),
        ('contact = "me\\nX-More: b"', "contact"),
        ("database = 'sqlite://'", "database"),
        ("port =", "TOML"),
        ("queue = 'celery'", "broker"),
        ("sources = 3", "sources"),
        ("[sources]\ntmdb = 'key'", "sources.tmdb"),
        ("[sources.TMDB]\nkey = 'a'", "TMDB"),
        ("[sources.tmdb]\ncolour = 'red'", "sources.tmdb.colour"),
        ("[sources.tmdb]\naddress = 'ftp://cache.lan'", "sources.tmdb.address"),
        ("[sources.tmdb]\naddress = 'http://cache.lan:99999'", "sources.tmdb.address"),
        ("[sources.tmdb]\naddress = 'https://me:word@cache.lan'", "sources.tmdb.address"),
        ("[sources.tmdb]\nimages = 'https://cache.lan/#images'", "sources.tmdb.images"),
        ("[sources.tmdb]\nevery_s = -1", "sources.tmdb.every_s"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, file, named):
    """With what is wrong with it."""
    (tmp_path / "moviefinder.toml").write_text(file)
    with pytest.raises(Invalid, match=re.escape(named)):
        load_settings()


def test_a_settings_file_that_is_not_there_is_an_error(tmp_path):
    """Rather than a start with other settings than meant."""
    with pytest.raises(Invalid, match=r"missing\.toml"):
        load_settings(config=tmp_path / "missing.toml")


def test_only_a_bare_loopback_install_is_local():
    """A proxy or a public address in front makes strangers possible."""
    data = Path("/tmp/x")
    assert Settings(data=data).is_local
    assert not Settings(data=data, host="0.0.0.0").is_local
    assert not Settings(data=data, proxies=1).is_local
    assert not Settings(data=data, base_url="https://films.example").is_local
    assert not Settings(data=data, hosts=("films.example",)).is_local  # which only a proxy can bring here


def test_known_hosts_are_loopback_the_address_and_what_the_operator_names():
    """Never "any address", which is no name."""
    settings = Settings(
        data=Path("/tmp/x"), host="0.0.0.0", base_url="https://Films.Example:444", hosts=("tv.local",)
    )
    assert settings.known_hosts == {"127.0.0.1", "::1", "localhost", "films.example", "tv.local"}


def test_a_source_has_settings_of_its_own(tmp_path, monkeypatch):
    """Field by field from the file and from outside; what nobody set is as if it had no table."""
    (tmp_path / "moviefinder.toml").write_text('[sources.tmdb]\nkey = "of the file"\nevery_s = 2\n')
    (tmp_path / "secret").write_text("of a file of its own\n")
    monkeypatch.setenv("MOVIEFINDER_SOURCES_TMDB_KEY_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("MOVIEFINDER_SOURCES_IMDB_GRAPHQL_CLIENT", "reader")
    settings = load_settings()
    assert settings.source("tmdb").key.get_secret_value() == "of a file of its own"
    assert settings.source("tmdb").every_s == 2
    assert settings.source("imdb-graphql").client == "reader"
    assert settings.source("wikidata").on is None
    assert "own" not in repr(settings)


def test_a_slip_in_the_variable_of_a_source_is_named(monkeypatch):
    """Rather than a key that nobody reads."""
    monkeypatch.setenv("MOVIEFINDER_SOURCES_TMDB_KEYS", "abc")
    with pytest.raises(Invalid, match="MOVIEFINDER_SOURCES_TMDB_KEYS"):
        load_settings()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://Films.Example.ORG/", "https://films.example.org"),
        ("https://films.example.org:443", "https://films.example.org"),
        ("http://films.example.org:8080/", "http://films.example.org:8080"),
        ("https://Müllers-Filme.example", "https://xn--mllers-filme-dlb.example"),
        ("http://[2001:DB8::1]:80", "http://[2001:db8::1]"),
    ],
)
def test_the_base_address_is_as_browsers_write_it(written, meant):
    """They name it so in Origin, and passkeys are bound to it."""
    assert Settings(data=Path("/tmp/x"), base_url=written).address == meant


def test_a_base_address_with_credentials_or_a_query_is_none():
    """Neither would be in what browsers send."""
    for wrong in (
        "https://me:word@films.example",
        "https://films.example?x=1",
        "https://films.example:99999",
    ):
        with pytest.raises(ValidationError):
            Settings(data=Path("/tmp/x"), base_url=wrong)
