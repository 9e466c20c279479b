"""The dials and the words for confidence, through the API: what is leaned, what stays, and what the record keeps."""

import numpy as np
import pytest
from sqlalchemy import select

from moviefinder.recommend import confidence
from moviefinder.recommend.model_file import save
from moviefinder.records import Confidence
from moviefinder.services import models
from moviefinder.store.models import Shown
from tests.conftest import NOW, WRITE
from tests.factories import make_model

URL = "/api/v1/recommendations"
N = 40
SURE_OF_THE_FIRST = dict.fromkeys(confidence.FACTORS, 0.0) | {"base": 0.7, "place": 6.0}


@pytest.fixture
def publish(app, tmp_path):
    """Put a model into use in which film 1 speaks for all others, the nearer the more."""

    def put(**meta):
        rows = [[(film, 127 - film, 0) for film in range(1, N)], *([] for _ in range(N - 1))]
        save(make_model(rows, quality=np.full(N, 0.5, np.float32), meta=meta), tmp_path / "model.npz")
        with app.transaction() as session:
            models.publish(session, app.settings.data / "models", tmp_path / "model.npz", now=NOW)

    return put


@pytest.fixture
def ask(client, say):
    """The answer for somebody who likes film 1: `ask(known=0.2)`."""

    def ask(**query):
        say(1, verdict="liked")
        return client.get(URL, query_string={"limit": 100} | query).json

    return ask


def titles(answer):
    """What stands on a list, in order."""
    return [item["film"]["title"] for item in answer["items"]]


def test_a_film_bears_the_word_that_its_chance_earns(publish, ask):
    """Sure bets first, long shots last."""
    publish(confidence=SURE_OF_THE_FIRST)
    words = [item["confidence"] for item in ask()["items"]]
    assert words == sorted(words, key=list(Confidence).index)
    assert {"sure_bet", "long_shot"} <= set(words)


def test_without_a_calibration_no_word_is_said(publish, ask):
    """Nor where there is no model at all."""
    assert {item["confidence"] for item in ask()["items"]} == {None}
    publish()
    assert {item["confidence"] for item in ask()["items"]} == {None}
    publish(confidence={"base": "much"})
    assert {item["confidence"] for item in ask()["items"]} == {None}


@pytest.mark.parametrize("dials", [{}, {"known": 0}, {"spread": 1}, {"by": "votes"}, {"by": "fused"}])
def test_the_word_is_of_the_film_and_not_of_its_place(publish, ask, dials):
    """However a list is ranked and leaned, and with a filter as without."""
    publish(confidence=SURE_OF_THE_FIRST)
    plain = {item["film"]["title"]: item["confidence"] for item in ask()["items"]}
    leaned = {item["film"]["title"]: item["confidence"] for item in ask(**dials)["items"]}
    assert leaned == {title: plain[title] for title in leaned}


def test_the_record_keeps_the_word_that_was_shown(app, client, publish, ask):
    """The server finds it itself."""
    publish(confidence=SURE_OF_THE_FIRST)
    items = ask()["items"]
    shown = [items[0], items[-1]]
    films = [{"film": item["film"]["id"], "rank": rank} for rank, item in enumerate(shown, 1)]
    assert client.post(f"{URL}/shown", json={"films": films}, headers=WRITE).status_code == 204
    with app.reading() as session:
        kept = session.execute(select(Shown.film_id, Shown.confidence)).all()
    assert dict(map(tuple, kept)) == {item["film"]["id"]: item["confidence"] for item in shown}
    assert {item["confidence"] for item in shown} == {"sure_bet", "long_shot"}


@pytest.mark.parametrize(
    "dials", [{"known": 0}, {"known": 0.9}, {"spread": 1}, {"known": 0.2, "spread": 0.6}]
)
def test_a_leaned_list_has_the_same_films_scores_and_reasons(publish, ask, dials):
    """In another order."""
    publish()
    plain, leaned = ask(), ask(**dials)
    assert leaned["count"] == plain["count"]
    of_film = [{item["film"]["title"]: item for item in answer["items"]} for answer in (plain, leaned)]
    assert of_film[0] == of_film[1]


def test_both_dials_are_felt(publish, ask):
    """Little known films come forward, and neighbours give way."""
    publish()
    plain = titles(ask())
    assert titles(ask(known=0.5, spread=0)) == plain
    assert titles(ask(known=0)) != plain
    assert titles(ask(spread=1)) != plain


@pytest.mark.parametrize("dials", [{"known": 0.1}, {"spread": 0.8}, {"known": 0.7, "spread": 0.4}])
def test_pages_of_a_leaned_list_join_to_the_whole(publish, ask, dials):
    """Whatever was shown before, and however much is asked for at once."""
    publish()
    whole, joined, cursor = titles(ask(**dials)), [], {}
    while True:
        page = ask(**dials | {"limit": 7} | cursor)
        joined += titles(page)
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert joined == whole
