"""Answers to reasons over HTTP: said, repeated, taken back; what may be a reason, and for how long it counts."""

import pytest

from moviefinder.services import answers
from moviefinder.web import create_app
from tests.conftest import WRITE

URL = "/api/v1/recommendations"


def pair(film, because):
    """The address of a reason, by the numbers of the films in the test catalogue."""
    return f"{URL}/imdb:tt{film:07d}/because/imdb:tt{because:07d}"


@pytest.fixture
def answer(client):
    """Answer a reason: `answer(5, 1, "not")`; None takes the answer back."""

    def answer(film, because, say, headers=WRITE):
        if say is None:
            return client.delete(pair(film, because), headers=headers)
        return client.put(pair(film, because), json={"say": say}, headers=headers)

    return answer


def counting(client):
    """The answers that count, newest first: film, because, say."""
    rows = client.get(f"{URL}/because").json["items"]
    return [(row["film"]["title"], row["because"]["title"], row["say"]) for row in rows]


def test_an_answer_says_what_stood_before(say, answer, client):
    """So that a page can undo it exactly."""
    say(1, verdict="liked")
    assert answer(3, 1, "not").json == {"say": "not", "before": None}
    assert answer(3, 1, "more").json == {"say": "more", "before": "not"}
    assert answer(3, 1, "more").json == {"say": "more", "before": "more"}
    assert counting(client) == [("Film 3", "Film 1", "more")]
    assert answer(3, 1, None).json == {"say": None, "before": "more"}
    assert answer(3, 1, None).json == {"say": None, "before": None}
    assert counting(client) == []


def test_a_repeated_answer_with_a_key_tells_the_same_before(say, answer):
    """The first reply was lost on its way; the second must still undo to what was."""
    say(1, verdict="liked")
    key = {**WRITE, "Idempotency-Key": "k-1"}
    first = answer(3, 1, "not", headers=key)
    assert answer(3, 1, "not", headers=key).data == first.data
    assert first.json["before"] is None
    assert answer(3, 1, "more", headers=key).status_code == 422


@pytest.mark.parametrize(
    "answers_to_it", [{"verdict": "fine"}, {"saved": True}, {"verdict": "liked", "taste": False}]
)
def test_only_a_film_that_shapes_the_taste_can_be_a_reason(say, answer, answers_to_it):
    """Others are refused in words."""
    say(1, **answers_to_it)
    refused = answer(3, 1, "not")
    assert (refused.status_code, refused.json["type"]) == (409, "/problems/not-a-reason")
    assert refused.json["detail"].startswith("Film 1 is among no reasons of yours")
    assert refused.json["detail"].endswith("Like it first, or let it count again.")


def test_a_film_is_no_reason_for_itself(say, answer):
    """Nor is one that nobody knows."""
    say(1, verdict="liked")
    assert answer(1, 1, "not").status_code == 409
    assert answer(3, 999, "not").status_code == 404
    assert answer(999, 1, "not").status_code == 404
    assert answer(3, 1, "perhaps").status_code == 422


def test_somebody_new_has_no_reasons_to_answer(app):
    """And is made no guest by trying."""
    client = create_app(app).test_client()
    refused = client.put(pair(3, 1), json={"say": "not"}, headers=WRITE)
    assert refused.status_code == 409
    assert "Set-Cookie" not in refused.headers
    assert client.get(f"{URL}/because").json == {"items": [], "next": None}


def test_an_answer_counts_while_its_film_shapes_the_taste(say, answer, client):
    """A liking that is taken back ends it; one that comes back brings it back."""
    say(1, verdict="liked")
    answer(3, 1, "not")
    say(1, verdict="fine")
    assert counting(client) == []
    change = say(1, verdict="liked").json["change"]
    assert counting(client) == [("Film 3", "Film 1", "not")]
    say(1, taste=False)
    assert counting(client) == []
    assert client.post(f"/api/v1/library/changes/{change['id']}/undo", headers=WRITE).status_code == 409


def test_the_list_tells_which_reasons_were_answered(say, answer, client):
    """Where `more` was said, and what was taken out."""
    say(1, verdict="liked")
    say(2, verdict="liked")
    answer(3, 1, "not")
    answer(3, 2, "more")
    items = client.get(URL).json["items"]
    film = next(item for item in items if item["film"]["title"] == "Film 3")
    assert [row["title"] for row in film["not_because"]] == ["Film 1"]
    said = {row["film"]["title"]: row["say"] for row in film["because"]}
    assert said["Film 2"] == "more"


def test_a_refused_reason_speaks_for_that_film_no_more_and_for_others_still(say, answer, client):
    """More of a side weighs that side up, in the shares as well."""

    def shares(number):
        items = client.get(f"{URL}?limit=40").json["items"]
        film = next(item for item in items if item["film"]["title"] == f"Film {number}")
        return {row["film"]["title"]: row["share"] for row in film["because"]}

    say(1, verdict="liked")
    say(2, verdict="liked")
    before = shares(4)
    assert set(shares(3)) == set(before) == {"Film 1", "Film 2"}
    answer(3, 1, "not")
    assert set(shares(3)) == {"Film 2"}
    assert shares(4) == before
    answer(5, 1, "more")
    assert shares(4)["Film 1"] > before["Film 1"]
    say(1, verdict=None)
    say(1, verdict="liked")
    assert set(shares(3)) == {"Film 2"}


def test_answers_are_each_persons_own(say, answer, client, app):
    """Nobody else's list knows of them."""
    say(1, verdict="liked")
    answer(3, 1, "not")
    other = create_app(app).test_client()
    other.patch("/api/v1/library/imdb:tt0000001", json={"verdict": "liked"}, headers=WRITE)
    assert counting(other) == []
    assert counting(client) == [("Film 3", "Film 1", "not")]


def test_there_is_an_end_to_answering(say, answer, monkeypatch):
    """Said in words; one that was answered can still be changed."""
    monkeypatch.setattr(answers, "MOST", 2)
    say(1, verdict="liked")
    answer(3, 1, "not")
    answer(4, 1, "not")
    refused = answer(5, 1, "not")
    assert (refused.status_code, refused.json["type"]) == (409, "/problems/full")
    assert "2 reasons" in refused.json["detail"]
    assert answer(4, 1, "more").status_code == 200
    answer(3, 1, None)
    assert answer(5, 1, "not").status_code == 200


def test_a_film_for_a_friend_leaves_the_taste_at_once_and_stays_off_the_list(say, client):
    """It is still liked and seen; undoing brings it back as a reason."""

    def reasons():
        items = client.get(URL).json["items"]
        return {row["film"]["title"] for item in items for row in item["because"]}

    def titles():
        return {item["film"]["title"] for item in client.get(f"{URL}?limit=40").json["items"]}

    say(1, verdict="liked")
    say(20, verdict="liked")
    assert reasons() == {"Film 1", "Film 20"}
    change = say(1, taste=False).json["change"]
    assert reasons() == {"Film 20"}
    assert "Film 1" not in titles()
    newest = client.get("/api/v1/library/changes").json["items"][0]
    assert (newest["before"]["taste"], newest["after"]["taste"]) == (True, False)
    client.post(f"/api/v1/library/changes/{change['id']}/undo", headers=WRITE)
    assert reasons() == {"Film 1", "Film 20"}
