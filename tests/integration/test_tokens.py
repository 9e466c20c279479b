"""Tokens of programs: told once, kept as a hash, for as much as they say, ended at once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from moviefinder.errors import Full
from moviefinder.services.accounts import tokens
from moviefinder.services.accounts.secrets import hash_of
from moviefinder.store import models
from moviefinder.web import create_app
from tests.conftest import WRITE
from tests.roles import come

URL = "/api/v1/account/tokens"
FILM = "/api/v1/library/imdb:tt0000003"


@pytest.fixture
def client(app):
    """No cookie but what a request brings itself."""
    return create_app(app).test_client(use_cookies=False)


@pytest.fixture
def person(app):
    """Somebody who has just signed in."""
    return come(app, "fresh account")


@pytest.fixture
def make(client, person):
    """Make a token: `make("read")`; gives the answer's body."""

    def make(scope, name="script"):
        answer = client.post(URL, json={"name": name, "scope": scope}, headers={**WRITE, **person.headers})
        assert answer.status_code == 200, answer.text
        return answer.json

    return make


def bearer(secret):
    """What a program sends."""
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_reads_and_answers_as_far_as_it_may(client, make):
    """One for reading may not answer to films; neither asks for proof of origin, for no other site can send one."""
    read, write = make("read")["secret"], make("write")["secret"]
    assert client.get("/api/v1/library", headers=bearer(read)).status_code == 200
    refused = client.patch(FILM, json={"verdict": "liked"}, headers=bearer(read))
    assert (refused.status_code, refused.json["type"]) == (403, "/problems/not-allowed")
    assert client.patch(FILM, json={"verdict": "liked"}, headers=bearer(write)).status_code == 200
    assert client.get("/api/v1/library", headers=bearer(read)).json["count"] == 1


def test_no_token_touches_the_account(client, make):
    """Neither lists, makes nor revokes tokens, exports or erases."""
    write = bearer(make("write")["secret"])
    for method, url in (
        ("GET", URL),
        ("POST", URL),
        ("DELETE", f"{URL}/1"),
        ("GET", "/api/v1/exports/all.zip"),
        ("DELETE", "/api/v1/account"),
    ):
        answer = client.open(url, method=method, headers=write)
        assert (answer.status_code, answer.json["type"]) == (403, "/problems/not-allowed"), f"{method} {url}"


def test_the_secret_is_told_once_and_only_its_hash_is_kept(app, client, person, make):
    """Neither the list nor the database has it."""
    made = make("read", name="<b>my script</b>")
    secret = made["secret"]
    assert secret.startswith("mf_")
    assert len(secret) >= 46  # 256 bits
    listed = client.get(URL, headers=person.headers)
    assert secret not in listed.text
    assert listed.json["items"] == [made["token"]]
    assert made["token"]["name"] == "<b>my script</b>"
    with app.reading() as session:
        row = session.scalars(select(models.Token)).one()
    assert row.token_hash == hash_of(secret)


def test_a_revoked_token_is_nobodys_at_once(client, person, make):
    """The next request with it is refused, and makes no guest."""
    made = make("write")
    gone = client.delete(f"{URL}/{made['token']['id']}", headers={**WRITE, **person.headers})
    assert gone.status_code == 204
    refused = client.patch(FILM, json={"verdict": "liked"}, headers=bearer(made["secret"]))
    assert (refused.status_code, refused.json["type"]) == (401, "/problems/session-ended")
    assert "Set-Cookie" not in refused.headers
    again = client.delete(f"{URL}/{made['token']['id']}", headers={**WRITE, **person.headers})
    assert again.status_code == 404


def test_nobody_sees_or_revokes_anothers_token(app, client, make):
    """Another's number is answered as one that never was."""
    mine = make("read")["token"]["id"]
    other = {**WRITE, **come(app, "fresh account").headers}
    assert client.get(URL, headers=other).json == {"items": []}
    answers = [client.delete(f"{URL}/{number}", headers=other) for number in (mine, 2_000_000)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json["detail"].replace(str(mine), "N") == answers[1].json["detail"].replace(
        "2000000", "N"
    )


def test_making_one_needs_a_fresh_sign_in_and_revoking_does_not(app, client):
    """Somebody at an unlocked computer can take access away, and give themselves none."""
    stale = come(app, "account")
    body = {"name": "script", "scope": "read"}
    refused = client.post(URL, json=body, headers={**WRITE, **stale.headers})
    assert (refused.status_code, refused.json["type"]) == (403, "/problems/sign-in-again")
    with app.transaction() as session:
        made, _ = tokens.make(session, stale.user_id, **body, now=datetime.now(UTC))
    assert client.delete(f"{URL}/{made.id}", headers={**WRITE, **stale.headers}).status_code == 204


def test_when_it_was_last_used_is_kept_to_the_hour(app, client, person, make):
    """Noted at the first use and then once an hour, so that reading stays reading."""
    secret = make("read")["secret"]
    assert last_used(client, person) is None
    client.get("/api/v1/library", headers=bearer(secret))
    first = last_used(client, person)
    assert first is not None
    client.get("/api/v1/library", headers=bearer(secret))
    assert last_used(client, person) == first
    with app.transaction() as session:
        earlier = datetime.now(UTC) - timedelta(hours=2)
        session.execute(update(models.Token).values(last_used_at=earlier))
    client.get("/api/v1/library", headers=bearer(secret))
    assert last_used(client, person) >= first


def last_used(client, person):
    """When the person's one token was used, as they are told."""
    return client.get(URL, headers=person.headers).json["items"][0]["last_used_at"]


def test_a_person_has_no_more_tokens_than_anybody_could_look_through(app, person):
    """The fifty-first is refused, by name of the remedy."""
    with app.transaction() as session:
        for number in range(tokens.MOST):
            tokens.make(session, person.user_id, name=str(number), scope="read", now=datetime.now(UTC))
    with pytest.raises(Full, match="Revoke"), app.transaction() as session:
        tokens.make(session, person.user_id, name="more", scope="read", now=datetime.now(UTC))


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "scope": "read"},
        {"name": "   ", "scope": "read"},
        {"name": "x" * 81, "scope": "read"},
        {"name": "a\0b", "scope": "read"},
        {"name": "a", "scope": "admin"},
        {"name": "a", "scope": "read", "user_id": 1},
        {"name": "a", "scope": "read", "token_hash": "00"},
    ],
)
def test_only_a_name_and_a_scope_are_taken(client, person, body):
    """All else is refused, with the field named."""
    answer = client.post(URL, json=body, headers={**WRITE, **person.headers})
    assert answer.status_code in (400, 422), answer.text
