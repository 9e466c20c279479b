"""The code by which somebody comes to run an install that others reach: where it is shown, and that one gets it."""

import re
import threading

import pytest
from sqlalchemy import select

from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.services import operator
from moviefinder.services.accounts.secrets import hash_of
from moviefinder.store import models
from moviefinder.web import create_app
from tests import server
from tests.conftest import NOW, WRITE
from tests.roles import come

CODE = re.compile(r"[a-z2-7]{4}(?:-[a-z2-7]{2,4}){6}")


def shown_by(data, **settings):
    """The codes in the log of a server that was started."""
    with server.running(data, **settings) as running:
        pass
    return CODE.findall(running.log.read_text())


@pytest.mark.slow
def test_a_server_shows_a_code_until_somebody_runs_the_install(tmp_path):
    """Each start another, and the last one counts."""
    data, others_reach = tmp_path / "data", {"base_url": "https://films.example"}
    (old,), (new,) = shown_by(data, **others_reach), shown_by(data, **others_reach)
    assert old != new
    app = make_app(Settings(data=data))
    with app.reading() as session:
        assert session.scalars(select(models.MailLink.token_hash)).all() == [hash_of(new.replace("-", ""))]
    come(app, "operator")
    app.close()
    assert shown_by(data, **others_reach) == []


def test_of_two_who_enter_the_code_at_once_one_runs_the_install(app):
    """The database decides, not a look before."""
    with app.transaction() as session:
        code = operator.make_code(session, now=NOW.replace(year=2100))
    people, start, told = [come(app, "account"), come(app, "account")], threading.Barrier(2), []
    flask = create_app(app)

    def enter(person):
        client = flask.test_client(use_cookies=False)
        start.wait()
        answer = client.post(
            "/api/v1/operator/code", json={"code": code.upper()}, headers=WRITE | person.headers
        )
        told.append(answer.status_code)

    threads = [threading.Thread(target=enter, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [204, 403]
    with app.reading() as session:
        assert len(session.scalars(select(models.User.id).where(models.User.is_operator)).all()) == 1
