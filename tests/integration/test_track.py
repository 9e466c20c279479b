"""The record with a person: what counts as tried from here, what a popularity list would have got, for how long."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from moviefinder import worker
from moviefinder.records import Confidence, Verdict
from moviefinder.services import films, library, track
from moviefinder.services.accounts import sessions
from moviefinder.store import models
from moviefinder.web import create_app
from tests.conftest import NOW, WRITE

URL = "/api/v1/recommendations"


def later(minutes):
    """So long after the first showing."""
    return NOW + timedelta(minutes=minutes)


@pytest.fixture
def session(app):
    """A transaction."""
    with app.transaction() as session:
        yield session


@pytest.fixture
def user(session):
    """Somebody."""
    asker, _ = sessions.make_guest(session, address="::1", user_agent="", per_hour=None, now=NOW)
    return asker.user_id


@pytest.fixture
def show(session, user):
    """Show films, by their place among the best known, best first."""

    def show(*numbers, at=0, confidence=None):
        ranks = {film(session, number): rank for rank, number in enumerate(numbers, start=1)}
        classes = dict.fromkeys(ranks, confidence)
        track.note_shown(session, user, ranks, model="test 1", confidence=classes, now=later(at))

    return show


@pytest.fixture
def judge(session, user):
    """Give a verdict on a film."""

    def judge(number, verdict, at):
        library.say(session, user, film(session, number), {"verdict": verdict}, now=later(at))

    return judge


def film(session, number):
    """Our number of a film of the test catalogue."""
    return films.film_id_of(session, f"imdb:tt{number:07d}")


def test_a_film_that_was_judged_after_it_was_shown_was_tried_from_here(session, user, show, judge):
    """And each verdict is counted for what it is; what was not shown is not ours."""
    show(11, 12, 13, 14)
    judge(11, Verdict.LIKED, at=10)
    judge(12, Verdict.FINE, at=10)
    judge(13, Verdict.DISLIKED, at=10)
    judge(30, Verdict.LIKED, at=10)
    record = track.record(session, user)
    assert (record.shown, record.since) == (4, NOW)
    assert record.here == track.Tally(tried=3, liked=1, fine=1, disliked=1)
    assert not record.is_enough


def test_a_film_that_was_judged_before_is_not_tried_from_here(session, user, show, judge):
    """However it came onto the page; one that was answered while the report was on its way is."""
    judge(11, Verdict.LIKED, at=-10)
    judge(12, Verdict.LIKED, at=-0.5)
    show(11, 12)
    assert track.record(session, user).here.tried == 1
    assert track.record(session, user).shown == 1


def test_a_verdict_that_was_taken_back_counts_no_more(session, user, show, judge):
    """The record is of what stands."""
    show(11)
    judge(11, Verdict.LIKED, at=10)
    judge(11, None, at=20)
    assert track.record(session, user).here.tried == 0


def test_showing_again_keeps_the_first_time(session, user, show):
    """Rank, model and confidence too; only the last time moves."""
    show(11, 12, confidence=Confidence.LIKELY)
    show(12, at=60, confidence=Confidence.LONG_SHOT)
    row = session.get(models.Shown, (user, film(session, 12)))
    assert (row.first_at, row.last_at, row.rank) == (NOW, later(60), 2)
    assert (row.confidence, row.model) == ("likely", "test 1")


def test_the_popularity_list_is_as_long_and_open_to_the_person(session, user, show, judge):
    """Best known first, without what had been spoken of before: of films 3 to 7 two were tried, one was liked."""
    judge(1, Verdict.LIKED, at=-60)
    judge(2, Verdict.DISLIKED, at=-60)
    show(21, 22, 23, 24, 25)
    judge(21, Verdict.LIKED, at=10)
    judge(3, Verdict.LIKED, at=10)
    judge(7, Verdict.DISLIKED, at=10)
    judge(8, Verdict.LIKED, at=10)
    record = track.record(session, user)
    assert record.here == track.Tally(tried=1, liked=1)
    assert record.popular == track.Tally(tried=2, liked=1, disliked=1)


def test_the_record_is_parted_by_the_confidence_that_was_shown(session, user, show, judge):
    """A film without one is in the whole alone."""
    show(11, 12, confidence=Confidence.SURE_BET)
    show(13, confidence=Confidence.LONG_SHOT)
    show(14)
    for number in (11, 12, 14):
        judge(number, Verdict.LIKED, at=10)
    judge(13, Verdict.DISLIKED, at=10)
    record = track.record(session, user)
    assert record.here.tried == 4
    assert record.by_confidence[Confidence.SURE_BET] == track.Tally(tried=2, liked=2)
    assert record.by_confidence[Confidence.LIKELY] == track.Tally()
    assert record.by_confidence[Confidence.LONG_SHOT] == track.Tally(tried=1, disliked=1)


def test_ten_tried_films_are_enough_to_tell(session, user, show, judge):
    """Nine are not."""
    show(*range(11, 21))
    for number in range(11, 20):
        judge(number, Verdict.LIKED, at=10)
    assert not track.record(session, user).is_enough
    judge(20, Verdict.LIKED, at=10)
    assert track.record(session, user).is_enough


def test_an_old_showing_that_nobody_answered_is_forgotten(session, user, show, judge):
    """After a year; what was tried stays in the record."""
    show(11, 12, at=-60 * 24 * 400)
    show(13, at=-60 * 24 * 300)
    judge(11, Verdict.LIKED, at=-60 * 24 * 399)
    assert track.forget_old(session, now=NOW) == 1
    kept = set(session.scalars(select(models.Shown.film_id)))
    assert kept == {film(session, 11), film(session, 13)}


def test_the_record_goes_with_the_person(session, user, show, judge):
    """Their answers to reasons too."""
    show(11, 12)
    judge(1, Verdict.LIKED, at=0)
    session.add(
        models.AnsweredReason(
            user_id=user, film_id=film(session, 11), because_id=film(session, 1), say="not", said_at=NOW
        )
    )
    session.flush()
    session.delete(session.get(models.User, user))
    session.flush()
    for table in (models.Shown, models.AnsweredReason):
        assert session.scalar(select(func.count()).select_from(table)) == 0


def test_the_clean_up_forgets_old_showings(app):
    """It comes round by the clock."""
    with app.transaction() as session:
        asker, _ = sessions.make_guest(session, address="::1", user_agent="", per_hour=None, now=NOW)
        track.note_shown(session, asker.user_id, {1: 1}, model="x", confidence={}, now=later(-60 * 24 * 800))
    worker.ask_for_periodic(app)
    worker.run_due(app)
    with app.reading() as session:
        assert list(session.scalars(select(models.Shown.film_id))) == []


def test_what_is_reported_and_answered_stands_in_the_record(client, say, app):
    """Over HTTP: a page reports what was seen, and asks for the record later."""
    say(1, verdict="liked")
    items = client.get(f"{URL}?limit=3").json["items"]
    seen = [{"film": item["film"]["id"], "rank": rank} for rank, item in enumerate(items, start=1)]
    reported = client.post(
        f"{URL}/shown", json={"films": [*seen, {"film": 999_999, "rank": 9}]}, headers=WRITE
    )
    assert reported.status_code == 204
    client.patch(f"/api/v1/library/{seen[1]['film']}", json={"verdict": "liked"}, headers=WRITE)
    record = client.get(f"{URL}/record").json
    assert (record["shown"], record["tried"], record["liked"], record["enough"]) == (3, 1, 1, False)
    assert set(record["popular"]) == {"tried", "liked", "fine", "disliked"}
    with app.reading() as session:
        ranks = dict(session.execute(select(models.Shown.film_id, models.Shown.rank)).all())
    assert ranks == {row["film"]: row["rank"] for row in seen}
    assert client.delete(f"{URL}/record", headers=WRITE).status_code == 204
    assert client.get(f"{URL}/record").json["shown"] == 0
    assert client.get("/api/v1/library").json["count"] == 2


def test_looking_makes_nobody_a_guest(app):
    """Nor does erasing what there is not."""
    client = create_app(app).test_client()
    for answer in (
        client.post(f"{URL}/shown", json={"films": [{"film": 1, "rank": 1}]}, headers=WRITE),
        client.delete(f"{URL}/record", headers=WRITE),
    ):
        assert answer.status_code == 204
        assert "Set-Cookie" not in answer.headers
    assert client.get(f"{URL}/record").json["since"] is None
    with app.reading() as session:
        assert session.scalar(select(func.count()).select_from(models.User)) == 0


@pytest.mark.parametrize(
    "films_shown",
    [[], [{"film": 1}], [{"film": 0, "rank": 1}], [{"film": 1, "rank": 1, "confidence": "sure_bet"}]],
)
def test_a_report_takes_films_and_ranks_and_nothing_else(client, films_shown):
    """Confidence and model are ours to know."""
    refused = client.post(f"{URL}/shown", json={"films": films_shown}, headers=WRITE)
    assert refused.status_code == 422
