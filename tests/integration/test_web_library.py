"""The library over HTTP: repeated, stale and concurrent writes; history; pages."""

import base64
import json
import threading

import pytest
from sqlalchemy import func, select

from moviefinder.store import models
from moviefinder.web import create_app
from tests.conftest import WRITE


def test_an_answer_comes_back_with_its_change(client, say):
    """Enough for a page to show it and to undo it."""
    said = say(3, verdict="liked", rating=9).json
    assert said["entry"]["film"]["title"] == "Film 3"
    assert (said["entry"]["verdict"], said["entry"]["rating"], said["pending"]) == (
        "liked",
        9,
        {"fetching": 0, "waiting": 0},
    )
    undone = client.post(f"/api/v1/library/changes/{said['change']['id']}/undo", headers=WRITE)
    assert undone.json["entry"] is None
    assert client.get("/api/v1/library/imdb:tt0000003").status_code == 404


def test_the_same_write_fifty_times_leaves_one_effect(client, say):
    """With and without a key."""
    first = say(3, verdict="liked").json
    for _ in range(50):
        assert say(3, verdict="liked").json["entry"]["version"] == first["entry"]["version"]
    key = {**WRITE, "Idempotency-Key": "a-1"}
    replies = {say(4, headers=key, rating=8).data for _ in range(10)}
    assert len(replies) == 1
    assert len(client.get("/api/v1/library/changes").json["items"]) == 2


def test_a_key_that_comes_back_with_another_write_is_refused(say):
    """It is a mistake of the caller's, and nothing is changed."""
    key = {**WRITE, "Idempotency-Key": "a-1"}
    say(1, rating=5)
    assert say(3, headers=key, rating=8).status_code == 200
    refused = say(3, headers=key, rating=2)
    assert refused.status_code == 422
    assert refused.json["errors"][0]["field"] == "Idempotency-Key"


def test_a_remembered_answer_outlives_what_was_said_since(client, say):
    """A repeat that was under way does not undo a later answer."""
    say(1, rating=5)
    key = {**WRITE, "Idempotency-Key": "a-1"}
    say(3, headers=key, verdict="liked")
    say(3, verdict="disliked")
    say(3, headers=key, verdict="liked")
    assert client.get("/api/v1/library/imdb:tt0000003").json["verdict"] == "disliked"


def test_a_stale_write_gets_412_with_the_current_entry(client, say):
    """And changes nothing."""
    version = say(3, verdict="liked").json["entry"]["version"]
    assert say(3, headers={**WRITE, "If-Match": f'"{version}"'}, rating=8).status_code == 200
    stale = say(3, headers={**WRITE, "If-Match": f'"{version}"'}, rating=2)
    assert stale.status_code == 412
    assert stale.json["entry"]["rating"] == 8
    assert client.get("/api/v1/library/imdb:tt0000003").json["rating"] == 8
    assert say(9, headers={**WRITE, "If-Match": '"7"'}, rating=2).json["entry"] is None
    assert say(9, headers={**WRITE, "If-Match": "seven"}, rating=2).status_code == 422


def test_forgetting_is_answered_with_nothing_and_can_be_undone(client, say):
    """The history holds what was forgotten."""
    say(3, verdict="liked", rating=9)
    for _ in range(3):
        assert client.delete("/api/v1/library/imdb:tt0000003", headers=WRITE).status_code == 204
    assert client.get("/api/v1/library").json["count"] == 0
    [forgotten, _] = client.get("/api/v1/library/changes").json["items"]
    assert forgotten["after"] is None
    undone = client.post(f"/api/v1/library/changes/{forgotten['id']}/undo", headers=WRITE).json
    assert (undone["entry"]["verdict"], undone["entry"]["rating"]) == ("liked", 9)


def test_a_change_that_another_overtook_is_409(client, say):
    """The later one is named."""
    first = say(3, verdict="liked").json["change"]["id"]
    second = say(3, verdict="fine").json["change"]["id"]
    refused = client.post(f"/api/v1/library/changes/{first}/undo", headers=WRITE)
    assert refused.status_code == 409
    assert str(second) in refused.json["detail"]


def test_history_is_paged_newest_first(client, say):
    """Each change once."""
    for number in range(1, 8):
        say(number, seen=True)
    first = client.get("/api/v1/library/changes?limit=5").json
    second = client.get("/api/v1/library/changes", query_string={"limit": 5, "cursor": first["next"]}).json
    shown = [change["film"]["title"] for change in first["items"] + second["items"]]
    assert shown == [f"Film {number}" for number in range(7, 0, -1)]
    assert second["next"] is None


def test_only_the_films_asked_for_are_answered(client, say):
    """As a page asks for the answers to the films that it shows."""
    ids = [say(number, seen=True).json["entry"]["film"]["id"] for number in (1, 2, 3)]
    answer = client.get(f"/api/v1/library?film={ids[0]}&film={ids[2]}&film=999").json
    assert {entry["film"]["id"] for entry in answer["items"]} == {ids[0], ids[2]}


@pytest.mark.parametrize("sort", ["recent", "title", "year", "score"])
def test_a_cursor_belongs_to_its_list(client, say, sort):
    """One of another sorting is refused, not misread."""
    for number in (1, 2, 3):
        say(number, seen=True)
    page = client.get(f"/api/v1/library?sort={sort}&limit=2").json
    assert len(page["items"]) == 2
    rest = client.get("/api/v1/library", query_string={"sort": sort, "cursor": page["next"]}).json
    assert len(rest["items"]) == 1
    other = "year" if sort != "year" else "title"
    refused = client.get("/api/v1/library", query_string={"sort": other, "cursor": page["next"]})
    assert refused.status_code == 422


def test_writers_at_once_lose_nothing(client, say, app):
    """Eight threads of one person, over the same films: every answer stands, no version is given twice."""
    say(40, seen=True)
    cookie = client.get_cookie("moviefinder")
    flask = create_app(app)
    failures = []

    def write(rating):
        mine = flask.test_client()
        mine.set_cookie("moviefinder", cookie.value)
        for number in range(1, 6):
            address = f"/api/v1/library/imdb:tt{number:07d}"
            response = mine.patch(address, json={"rating": rating}, headers=WRITE)
            if response.status_code != 200:
                failures.append(response.text)

    threads = [threading.Thread(target=write, args=(rating,)) for rating in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with app.reading() as session:
        rows = session.execute(select(models.UserFilm.film_id, models.UserFilm.version)).all()
        changes = session.scalar(select(func.count()).select_from(models.Change))
    assert len(rows) == 6
    assert sum(version for _, version in rows) == changes


def at_once(app, cookie, ask, n=6):
    """The answers to the same request, sent by several threads of one person together."""
    flask, answers = create_app(app), []
    barrier = threading.Barrier(n)

    def send():
        mine = flask.test_client()
        mine.set_cookie("moviefinder", cookie.value)
        barrier.wait()
        answers.append(ask(mine))

    threads = [threading.Thread(target=send) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_the_same_write_at_once_leaves_one_effect(client, say, app):
    """Six times the same reply, one change."""
    say(40, seen=True)
    headers = {**WRITE, "Idempotency-Key": "once"}
    answers = at_once(
        app,
        client.get_cookie("moviefinder"),
        lambda mine: mine.patch("/api/v1/library/imdb:tt0000003", json={"rating": 7}, headers=headers),
    )
    assert {(answer.status_code, answer.data) for answer in answers} == {(200, answers[0].data)}
    assert len(client.get("/api/v1/library/changes").json["items"]) == 2


def test_undoing_at_once_is_undoing_once(client, say, app):
    """The version moves by one."""
    first = say(3, verdict="liked").json
    change = say(3, rating=9).json["change"]["id"]
    answers = at_once(
        app,
        client.get_cookie("moviefinder"),
        lambda mine: mine.post(f"/api/v1/library/changes/{change}/undo", headers=WRITE),
    )
    assert {answer.json["entry"]["version"] for answer in answers} == {first["entry"]["version"] + 2}


def test_the_etag_of_an_entry_is_the_version_to_write_with(client, say):
    """Read, then write back with what the answer carried."""
    say(3, verdict="liked")
    etag = client.get("/api/v1/library/imdb:tt0000003").headers["ETag"]
    assert say(3, headers={**WRITE, "If-Match": etag}, rating=8).status_code == 200
    assert say(3, headers={**WRITE, "If-Match": etag}, rating=2).status_code == 412
    stale = client.delete("/api/v1/library/imdb:tt0000003", headers={**WRITE, "If-Match": etag})
    assert stale.status_code == 412


FORGED = [
    ["recent", "0001-01-01T00:00:00+14:00", 1],
    ["recent", "2026-01-01T00:00:00+00:00", 2**40],
    ["title", "\ud800", 1],
    ["title", "a\0b", 1],
    ["year", 10**20, 1],
    ["score", 10**30, 1],
    ["score", 1.5, -1],
    ["year", True, 1, 1],
    "title",
    None,
]


@pytest.mark.parametrize("place", [*FORGED, "["])
@pytest.mark.parametrize("address", ["/api/v1/library", "/api/v1/library/changes"])
def test_a_forged_cursor_is_refused(client, say, address, place):
    """Whatever it holds: 422, on both databases."""
    say(3, verdict="liked")
    text = "[" * 2200 if place == "[" else json.dumps(place)
    cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    query = {"cursor": cursor} if address.endswith("changes") else {"cursor": cursor, "sort": _sort_of(place)}
    response = client.get(address, query_string=query)
    assert (response.status_code, response.json["errors"][0]["field"]) == (422, "cursor")


def _sort_of(place):
    return place[0] if isinstance(place, list) else "recent"
