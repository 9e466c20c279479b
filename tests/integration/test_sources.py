"""Which sources may be asked: nobody until switched on, by whom, what the list says, what a test tells."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.errors import SourceOff
from moviefinder.records import Ref
from moviefinder.services import facts
from moviefinder.services import sources as service
from moviefinder.services.accounts import sessions
from moviefinder.sources.loading import DecidedBy, Switch, decide
from moviefinder.store import models
from moviefinder.web import create_app
from moviefinder.web.askers import cookie_name
from tests.conftest import NOW, WRITE
from tests.factories import make_film

MATRIX = Ref("imdb", "tt0133093")
OURS = ["tmdb", "imdb-graphql", "wikidata", "imdb", "wikipedia"]


@pytest.fixture
def settings(settings, outside):
    """Sources have the addresses of the stand-in, and nobody has switched any of them on."""
    given = outside.settings()["sources"]
    own = {
        name: {key: value for key, value in each.items() if key not in ("on", "key")}
        for name, each in given.items()
    }
    return Settings(**settings.model_dump() | {"sources": own})


def told(app, **changed):
    """An App on the same database with other settings, and a client of it."""
    settings = Settings(**app.settings.model_dump() | changed)
    other = make_app(settings)
    return other, create_app(other).test_client()


def listed(client):
    """The list of sources by name."""
    answer = client.get("/api/v1/sources")
    assert answer.status_code == 200
    return {row["name"]: row for row in answer.json["items"]}


def switch(client, name, on, **more):
    """Switch a source as the page does; gives the answer."""
    return client.patch(f"/api/v1/sources/{name}", json={"on": on, **more}, headers=WRITE)


def names_on(app):
    """Names of the sources that are on."""
    with app.reading() as session:
        return service.on(app, session)


# What decides


@pytest.mark.parametrize(
    ("own", "switched", "offline", "expected"),
    [
        ({}, None, False, Switch(False, DecidedBy.NOBODY)),
        ({"key": "k"}, None, False, Switch(True, DecidedBy.KEY)),
        ({"key": "k"}, False, False, Switch(False, DecidedBy.PAGE)),
        ({}, True, False, Switch(True, DecidedBy.PAGE)),
        ({"on": False, "key": "k"}, True, False, Switch(False, DecidedBy.SETTINGS)),
        ({"on": True}, False, False, Switch(True, DecidedBy.SETTINGS)),
        ({"on": True, "key": "k"}, True, True, Switch(False, DecidedBy.OFFLINE)),
    ],
)
def test_offline_wins_over_settings_over_the_page_over_a_key(own, switched, offline, expected):
    """And without any of them a source is off."""
    assert decide(Settings(sources={"tmdb": own}, offline=offline), "tmdb", switched) == expected


@pytest.mark.parametrize(
    ("own", "is_on"),
    [({}, False), ({"on": True}, False), ({"client": "c"}, False), ({"on": True, "client": "c"}, True)],
)
def test_imdbs_graphql_is_on_by_two_settings_alone(own, is_on):
    """Neither a tap nor a key: its operator must have read the terms."""
    settings = Settings(sources={"imdb-graphql": own | {"key": "k"}})
    assert decide(settings, "imdb-graphql", True).is_on == is_on


def test_a_new_install_calls_nobody(client, app, stand_in):
    """Everything is off, says so, and names whom it would call and what they would be sent."""
    rows = listed(client)
    assert list(rows) == [*OURS, "youtube"]
    assert [name for name, row in rows.items() if row["is_on"]] == ["youtube"]  # the page asks before that
    assert {row["decided_by"] for row in rows.values()} == {"nobody", "settings", "page"}
    for row in rows.values():
        assert row["hosts"]
        assert all(host["host"] and host["purpose"] and host["sends"] for host in row["hosts"])
        assert [host["calls"] for host in row["hosts"]] == [0] * len(row["hosts"])
    assert rows["tmdb"]["needs"] == "key"
    assert (rows["tmdb"]["keeps_days"], rows["wikidata"]["keeps_days"]) == (180, None)
    assert names_on(app) == frozenset()
    assert stand_in.journal() == []


def test_a_start_makes_no_source_and_no_connection():
    """What is not used costs nothing: neither its code nor the libraries for networks are read."""
    code = (
        "import sys; from moviefinder.app import make_app; from moviefinder.config import Settings;"
        "import moviefinder.web;"
        "app = make_app(Settings(data='.'));"
        "print([name for name in ('urllib3', 'PIL', 'moviefinder.sources.tmdb') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


# Switching


def test_a_tap_switches_a_source_on_and_off_for_every_process(client, app, stand_in):
    """At once, and nothing more is asked after that."""
    other, _ = told(app)
    answer = switch(client, "wikidata", True)
    assert answer.status_code == 200
    assert (answer.json["is_on"], answer.json["decided_by"]) == (True, "page")
    assert names_on(other) == {"wikidata"}
    assert other.sources["wikidata"].film(MATRIX).title == "The Matrix"
    assert switch(client, "wikidata", False).json["is_on"] is False
    before = len(stand_in.journal())
    with pytest.raises(SourceOff):
        other.sources["wikidata"].film(Ref("imdb", "tt9900002"))
    assert len(stand_in.journal()) == before > 0
    other.close()


def test_what_waits_is_asked_for_when_a_source_comes_on(client, app):
    """Once, however often it is tapped."""
    switch(client, "wikidata", True)
    switch(client, "wikidata", True)
    with app.reading() as session:
        jobs = session.execute(select(models.Job.kind, models.Job.payload)).all()
    assert jobs == [("refresh_facts", {"source": "wikidata"})]


def test_who_switched_is_noted(client, app, say):
    """Where they are known; a local install asks nobody who they are."""
    switch(client, "imdb", True)
    with app.reading() as session:
        assert session.get(models.SourceSwitch, "imdb").switched_by is None
    user = say(1, verdict="liked") and client.get("/api/v1/session").json["user"]["id"]
    switch(client, "imdb", False)
    with app.reading() as session:
        row = session.get(models.SourceSwitch, "imdb")
    assert (row.is_on, row.switched_by) == (False, user)
    assert datetime.now(UTC) - row.switched_at < timedelta(minutes=1)


def test_off_is_not_forgetting(client, app):
    """What a source has told stays until its terms end, unless it is to go."""
    record = replace(make_film(77), sources={"title": "wikidata"})
    with app.transaction() as session:
        facts.keep(session, record, "wikidata", whole=True, now=NOW, keeps=None)

    def kept():
        with app.reading() as session:
            query = select(func.count()).select_from(models.Fact).where(models.Fact.source == "wikidata")
            return session.scalar(query)

    switch(client, "wikidata", True)
    switch(client, "wikidata", False)
    assert kept() == 1
    assert switch(client, "wikidata", False, forget=True).status_code == 200
    assert kept() == 0


@pytest.mark.parametrize(
    ("name", "changed", "status", "kind"),
    [
        ("wikidata", {"offline": True}, 409, "source-off"),
        ("wikidata", {"sources": {"wikidata": {"on": False}}}, 403, "not-allowed"),
        ("imdb-graphql", {}, 403, "not-allowed"),
        ("youtube", {}, 403, "not-allowed"),
        ("embedded", {}, 404, "not-found"),
        ("nobody", {}, 404, "not-found"),
    ],
)
def test_what_cannot_be_switched_says_why(app, name, changed, status, kind):
    """And stays as it was."""
    other, client = told(app, **changed)
    answer = switch(client, name, True)
    assert (answer.status_code, answer.json["type"]) == (status, f"/problems/{kind}")
    assert len(answer.json["detail"]) > 20
    assert names_on(other) == frozenset()
    other.close()


@pytest.mark.parametrize("body", [{}, {"on": "yes"}, {"on": 1}, {"on": True, "key": "k"}, {"on": None}])
def test_a_switch_is_on_or_off(client, body):
    """Nothing else, and no setting can be slipped in."""
    assert client.patch("/api/v1/sources/wikidata", json=body, headers=WRITE).status_code == 422


def test_elsewhere_than_on_a_local_install_only_the_operator_may(app):
    """Nobody without a cookie, no guest; reading what leaves this machine is for everybody."""
    other, client = told(app, base_url="https://films.example")
    host = {"base_url": "https://films.example"}
    questions = (
        ("PATCH", "/api/v1/sources/wikidata", {"on": True}),
        ("POST", "/api/v1/sources/wikidata/test", None),
    )

    def statuses(operator):
        if operator is not None:
            with other.transaction() as session:
                asker, token = sessions.make_guest(
                    session, address="1.1.1.1", user_agent="", per_hour=None, now=datetime.now(UTC)
                )
                session.get(models.User, asker.user_id).is_operator = operator
            client.set_cookie(cookie_name(other.settings), token, domain="films.example", secure=True)
        asked = [
            client.open(path, method=method, json=body, headers=WRITE, **host)
            for method, path, body in questions
        ]
        rows = client.get("/api/v1/sources", **host)
        may = {row["may_switch"] for row in rows.json["items"]}
        return [answer.status_code for answer in asked], may

    assert statuses(None) == ([403, 403], {False})
    assert statuses(False) == ([403, 403], {False})
    assert statuses(True) == ([200, 200], {True, False})
    other.close()


# Testing


def test_a_test_tells_how_a_source_takes_a_question(client, app, stand_in):
    """Whatever was kept, and whatever went wrong before."""

    def test():
        answer = client.post("/api/v1/sources/imdb/test", headers=WRITE)
        assert answer.status_code == 200
        assert len(answer.json["message"]) > 10
        return answer.json["outcome"]

    assert test() == "off"
    assert stand_in.journal() == []
    switch(client, "imdb", True)
    assert test() == "answers"
    for fault, outcome in (
        ("403", "refused"),
        ("challenge", "refused"),
        ("503", "silent"),
        ("garbage", "nonsense"),
        ("empty", "nonsense"),
    ):
        stand_in.fault("/imdb", fault)
        assert test() == outcome, fault
        stand_in.clear()
    assert test() == "answers"
    assert len(stand_in.journal("/imdb")) == 1  # anew, though an answer is kept


def test_the_list_says_how_hosts_fare(client, stand_in):
    """How often they were called, when they answered, why they rest."""
    switch(client, "imdb", True)
    client.post("/api/v1/sources/imdb/test", headers=WRITE)
    host = listed(client)["imdb"]["hosts"][0]
    assert host["calls"] == 1
    assert host["last_answered_at"] >= host["last_called_at"][:19]
    assert (host["blocked_until"], host["last_error"]) == (None, None)
    stand_in.fault("/imdb", "403")
    client.post("/api/v1/sources/imdb/test", headers=WRITE)
    host = listed(client)["imdb"]["hosts"][0]
    assert host["calls"] == 2
    assert datetime.fromisoformat(host["blocked_until"]) > datetime.now(UTC)
    assert "403" in host["last_error"]


def test_tmdb_without_a_key_is_tested_by_a_poster(client, stand_in):
    """All that it can be asked for."""
    switch(client, "tmdb", True)
    answer = client.post("/api/v1/sources/tmdb/test", headers=WRITE).json
    assert answer["outcome"] == "answers"
    assert "needs a key" in answer["message"]
    assert [question["path"].split("/")[1] for question in stand_in.journal()] == ["tmdb-images"]


def test_offline_calls_nobody_and_takes_youtube_out(app, stand_in):
    """Settings, keys and taps notwithstanding; the page's policy has no room for a player."""
    with app.transaction() as session:
        session.add(models.SourceSwitch(source="imdb", is_on=True, switched_by=None, switched_at=NOW))
    before = create_app(app).test_client().get("/api/v1/genres").headers["Content-Security-Policy"]
    assert "frame-src https://www.youtube-nocookie.com" in before
    other, client = told(app, offline=True)
    assert client.get("/api/v1/sources").json["offline"] is True
    assert {row["is_on"] for row in listed(client).values()} == {False}
    assert {row["decided_by"] for row in listed(client).values()} == {"offline"}
    answer = client.post("/api/v1/sources/imdb/test", headers=WRITE).json
    assert (answer["outcome"], "offline" in answer["message"]) == ("off", True)
    policy = client.get("/api/v1/genres").headers["Content-Security-Policy"]
    assert "youtube" not in policy
    assert "default-src 'none'" in policy
    assert stand_in.journal() == []
    other.close()


# The command line


@pytest.fixture
def command(tmp_path, outside):
    """Run `moviefinder sources ...` on a folder whose settings name the stand-in; gives status and output."""
    lines = ["[sources.tmdb]", 'key = "stand-in"']
    for name, own in outside.settings()["sources"].items():
        lines += [f"[sources.{name}]"] if name != "tmdb" else []
        lines += [
            f"{key} = {json.dumps(own[key])}" for key in ("address", "images", "every_s") if own[key] != ""
        ]
    (tmp_path / "moviefinder.toml").write_text("\n".join(lines))

    def command(*arguments):
        asked = [sys.executable, "-m", "moviefinder", "sources", *arguments, "--data", str(tmp_path)]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout

    return command


def test_the_command_line_lists_switches_and_tests(command, stand_in):
    """One line a source; 1 as soon as one that is on does not answer; off is no failure."""
    status, text = command("list")
    assert status == 0
    assert [line.split()[:4] for line in text.splitlines()][:2] == [
        ["tmdb", "on", "by", "key:"],
        ["imdb-graphql", "off", "by", "settings,"],
    ]
    assert command("on", "wikidata")[0] == 0
    status, text = command("test")
    assert [line.split()[:2] for line in text.splitlines()] == [
        ["tmdb", "answers"],
        ["imdb-graphql", "off"],
        ["wikidata", "answers"],
        ["imdb", "off"],
        ["wikipedia", "off"],
    ]
    assert status == 0
    assert "sources on imdb" in text  # what to do
    stand_in.fault("/wikidata", "503")
    status, text = command("test", "wikidata", "--json")
    assert (status, json.loads(text)["outcome"]) == (1, "silent")
    assert command("off", "wikidata")[0] == command("forget", "wikidata", "--yes")[0] == 0
    rows = json.loads(command("list", "--json")[1])
    assert {row["name"]: row["is_on"] for row in rows} == dict.fromkeys(OURS, False) | {
        "tmdb": True,
        "youtube": True,
    }
