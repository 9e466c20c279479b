"""The operator's page: numbers and names, nothing of anybody's taste; and becoming who runs an install."""

import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from moviefinder import __version__
from moviefinder.services import answers, library, operator, track
from moviefinder.services.accounts import sessions
from moviefinder.store import jobs, models
from moviefinder.web import create_app
from tests.conftest import WRITE
from tests.roles import come

URL = "/api/v1/operator"


def now():
    """The time, as the program has it."""
    return datetime.now(UTC)


@pytest.fixture
def client(app):
    """No cookie but what a request brings itself."""
    return create_app(app).test_client(use_cookies=False)


@pytest.fixture
def runs(app):
    """The headers of who runs the install."""
    return {**WRITE, **come(app, "operator").headers}


def test_the_page_tells_how_the_install_fares(app, client, runs):
    """People by kind, jobs by state, films, disk by folder, version and start."""
    come(app, "account"), come(app, "guest"), come(app, "guest")
    with app.transaction() as session:
        jobs.enqueue(session, "place_film", "1", now=now())
        session.execute(update(models.Job).values(state="failed"))
    told = client.get(URL, headers=runs).json
    assert (told["accounts"], told["guests"], told["films"]) == (2, 2, 40)
    assert told["jobs"] == {"queued": 0, "running": 0, "done": 0, "failed": 1}
    assert told["version"] == __version__
    assert told["database"] == app.engine.dialect.name
    assert abs(now() - datetime.fromisoformat(told["started_at"])) < timedelta(minutes=5)
    disk = {space["name"]: space for space in told["disk"]}
    assert list(disk) == ["database", "posters", "models", "titles", "mail"]
    assert disk["database"]["bytes"] > 100_000
    assert told["free_bytes"] > 0
    assert (told["mail"], told["registration"], told["takes_guests"]) == ("folder", "open", True)


def test_nothing_that_anybody_says_changes_what_the_operator_sees(app, client, runs):
    """Answers, reasons, showings, tokens' names: what the page and the list tell stays the same, word for word."""
    person = come(app, "fresh account")
    with app.transaction() as session:
        session.execute(
            update(models.User).where(models.User.id == person.user_id).values(display_name="Cleo")
        )
    before = told(client, runs)
    with app.transaction() as session:
        for film_id in range(1, 6):
            library.say(session, person.user_id, film_id, {"verdict": "liked", "rating": 10}, now=now())
        library.say(session, person.user_id, 6, {"saved": True, "snoozed_until": None}, now=now())
        answers.answer(session, person.user_id, 7, 1, "not", now=now())
        track.note_shown(session, person.user_id, {8: 1}, model="votes 1", confidence={}, now=now())
    assert told(client, runs) == before
    names = {
        name for part in before for item in (part if isinstance(part, list) else [part]) for name in item
    }
    assert not names & {
        "verdict",
        "liked",
        "library",
        "changes",
        "films_liked",
        "entries",
        "history",
        "taste",
    }


def told(client, headers):
    """All that the operator is told, but for what the disk takes."""
    install = client.get(URL, headers=headers).json
    return [
        {name: value for name, value in install.items() if name not in ("disk", "free_bytes")},
        client.get(f"{URL}/users", headers=headers).json["items"],
        client.get("/api/v1/jobs", headers=headers).json["items"],
        client.get(f"{URL}/invitations", headers=headers).json["items"],
    ]


def test_accounts_are_listed_with_their_ways_in_and_guests_are_not(app, client, runs):
    """Names and addresses, never secrets, in pages."""
    people = [come(app, "account", secret="$argon2id$secret") for _ in range(3)]
    come(app, "guest")
    with app.transaction() as session:
        session.add(
            models.Passkey(
                user_id=people[0].user_id,
                user_handle=b"h",
                credential_id=b"c",
                public_key=b"k",
                sign_count=0,
                name="phone",
                created_at=now(),
            )
        )
    answer = client.get(f"{URL}/users?limit=3", headers=runs)
    listed = answer.json["items"]
    assert [account["id"] for account in listed] == [person.user_id for person in reversed(people)]
    assert listed[-1]["ways"] == ["password", "passkey"]
    assert listed[0]["emails"] == [people[2].email]
    assert "argon2" not in answer.text
    rest = client.get(f"{URL}/users?limit=3&before={answer.json['next']}", headers=runs).json
    assert [account["operator"] for account in rest["items"]] == [True]
    assert rest["next"] is None


MANY = "WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 100000)"


@pytest.mark.alone
def test_the_disk_is_looked_at_in_a_moment_however_full_it_is(app, client, runs, record_property):
    """A hundred thousand posters are counted in their table, and of a full folder only the first files are."""
    mail = app.settings.data / "mail"
    mail.mkdir()
    for number in range(operator.MOST_FILES + 500):
        os.close(os.open(mail / f"{number}.eml", os.O_CREAT | os.O_WRONLY))
    with app.transaction() as session:
        session.execute(text(MANY + " INSERT INTO films (id, kind, title, sources, created_at)"
            " SELECT 1000 + n, kind, title, sources, created_at FROM films, many WHERE id = 1"))  # fmt: skip
        session.execute(text("INSERT INTO posters (film_id, source, pointer, hash, bytes, fetched_at, used_at)"
            " SELECT id, 'tmdb', '/p.jpg', 'h', 20000, created_at, created_at FROM films WHERE id > 1000"))  # fmt: skip
    began = time.perf_counter()
    told = client.get(URL, headers=runs).json
    took_s = time.perf_counter() - began
    disk = {space["name"]: space for space in told["disk"]}
    assert (disk["posters"]["files"], disk["posters"]["bytes"]) == (100_000, 2_000_000_000)
    assert (disk["mail"]["files"], disk["mail"]["more"]) == (operator.MOST_FILES, True)
    measured = {"what": "operator's page, 100,000 posters, 5,500 mails", "ms": round(took_s * 1000)}
    record_property("measured", measured)
    assert took_s < 2


@pytest.fixture
def reached(app):
    """The same install, which others reach: a browser's client of it without a cookie."""
    settings = app.settings.model_copy(update={"base_url": "https://films.example"})
    app = replace(app, settings=settings)
    return app, create_app(app).test_client(use_cookies=False)


def enter(client, person, code):
    """Enter a code; gives the answer."""
    headers = {**WRITE, **person.headers, "Host": "films.example"}
    return client.post(f"{URL}/code", json={"code": code}, headers=headers)


def test_the_code_in_the_log_makes_an_account_the_operator_once(reached):
    """Typed with blanks and in capitals as well; then it is nobody's, and no further one is asked for."""
    app, client = reached
    person, other = come(app, "account"), come(app, "account")
    assert client.get(URL, headers={**person.headers, "Host": "films.example"}).status_code == 403
    with app.transaction() as session:
        assert operator.is_wanted(app.settings, session)
        code = operator.make_code(session, now=now())
        kept = session.scalars(select(models.MailLink)).one()
    assert code.replace("-", "").encode() not in kept.token_hash
    assert enter(client, person, code.upper().replace("-", " ")).status_code == 204
    assert client.get(URL, headers={**person.headers, "Host": "films.example"}).status_code == 200
    assert enter(client, other, code).json["type"] == "/problems/wrong-secret"
    with app.reading() as session:
        assert not operator.is_wanted(app.settings, session)
        assert session.scalars(select(models.MailLink)).all() == []


@pytest.mark.parametrize("when", ["too old", "made void by the next start", "wrong"])
def test_a_code_that_does_not_hold_makes_nobody_the_operator(reached, when):
    """One answer for all of them."""
    app, client = reached
    person = come(app, "account")
    made = now() - operator.CODE_LASTS if when == "too old" else now()
    with app.transaction() as session:
        code = operator.make_code(session, now=made)
        if when == "made void by the next start":
            operator.make_code(session, now=now())
    answer = enter(client, person, "abcd-efgh" if when == "wrong" else code)
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/wrong-secret")
    with app.reading() as session:
        assert operator.is_wanted(app.settings, session)


def test_a_code_counts_for_nobody_once_somebody_runs_the_install(reached):
    """Also one that was made before: made at the command line, an operator makes it void."""
    app, client = reached
    person = come(app, "account")
    with app.transaction() as session:
        code = operator.make_code(session, now=now())
        session.get(models.User, come_in(session)).is_operator = True
    assert enter(client, person, code).status_code == 403


def come_in(session):
    """Somebody's number."""
    return sessions.make_user(session, now=now()).id


def test_a_guest_is_not_made_the_operator(reached):
    """The cookie may be gone tomorrow, and with it who runs the install."""
    app, client = reached
    with app.transaction() as session:
        code = operator.make_code(session, now=now())
    answer = enter(client, come(app, "guest"), code)
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/not-allowed")


def test_codes_are_tried_a_few_times_only(reached):
    """After ten tries in five minutes an account and an address have to wait."""
    app, client = reached
    person = come(app, "account")
    answers = [enter(client, person, f"{number:026d}") for number in range(12)]
    assert [answer.status_code for answer in answers] == [403] * 10 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) <= 300


def test_on_a_local_install_nobody_need_enter_a_code(app):
    """Who sits at the machine runs it until somebody does."""
    with app.reading() as session:
        assert not operator.is_wanted(app.settings, session)
