"""What becomes of facts and answers in time: nothing is lost, kept too long, or asked for without end."""

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select, text

from moviefinder.errors import FilmNotFound
from moviefinder.records import Ref, Verdict
from moviefinder.services import facts, fetching, films, library
from moviefinder.services.facts.expiring import MOST_AT_ONCE
from moviefinder.services.fetching.asking import renew
from moviefinder.store import models
from tests.conftest import NOW
from tests.integration.test_facts import HALF_A_YEAR, RONIN, joined, keep, known, later, row, session, user

__all__ = ["session"]


# Two films that turn out to be one


def test_undoing_an_answer_to_one_of_two_films_leaves_what_was_said_of_the_other(session):
    """They are one film now, of which two things were said; one of these is taken back."""
    join, stays, goes = joined(session)
    person = user(session)
    library.say(session, person, stays, {"rating": 9}, now=NOW)
    seen = library.say(session, person, goes, {"saved": True}, now=later())
    join()
    undone = library.undo(session, person, seen.change_id, now=later(2)).entry
    assert undone is not None
    assert (undone.answers.rating, undone.answers.saved) == (9, False)


@pytest.mark.parametrize("is_older", [True, False])
def test_what_was_taken_back_of_one_of_two_films_takes_nothing_from_the_other(session, is_older):
    """Somebody clears the one away because the other is there."""
    join, stays, goes = joined(session)
    cleared, meant = (stays, goes) if is_older else (goes, stays)
    one, two = user(session), user(session)
    for person in (one, two):
        library.say(session, person, meant, {"verdict": Verdict.LIKED, "rating": 9}, now=NOW)
    slip = library.say(session, one, cleared, {"verdict": Verdict.LIKED}, now=later())
    library.undo(session, one, slip.change_id, now=later(2))
    library.say(session, two, cleared, {"saved": True}, now=later())
    library.forget(session, two, cleared, now=later(2))
    join()
    for person in (one, two):
        entry = library.entry_of(session, person, stays).answers
        assert (entry.verdict, entry.rating, entry.saved) == (Verdict.LIKED, 9, False)


def test_a_joined_film_keeps_its_place(session):
    """Though nobody told anything new of it: that of either, as neither is of the catalogue."""
    join, stays, goes = joined(session)
    well_known = films.film_id_of(session, "imdb:tt0000001")
    ids = np.array([well_known], "<i4").tobytes()
    session.add(models.SimilarList(film_id=goes, source="placed", ids=ids, weights=b"\xff", fetched_at=NOW))
    join()
    placed = select(models.SimilarList.film_id, models.SimilarList.ids).where(
        models.SimilarList.source == "placed"
    )
    assert session.execute(placed).all() == [(stays, ids)]


# The end of their terms


def test_what_a_list_of_nobodys_names_keeps_no_more_than_its_name(session):
    """However it came to be known, what a source told goes when its terms end."""
    lone = keep(session, row(70))
    facts.set_similar(session, lone, "tmdb", [row(8195)], now=later(30), keeps=HALF_A_YEAR)
    film_id = keep(session, RONIN)
    facts.expire(session, now=NOW + HALF_A_YEAR)
    record = known(session, film_id).record
    assert (record.title, record.year) == ("Ronin", 1998)
    assert (record.description, record.poster, record.credits, record.score) == (None, None, (), None)
    facts.expire(session, now=later(30) + HALF_A_YEAR)
    facts.expire(session, now=later(30) + HALF_A_YEAR)
    with pytest.raises(FilmNotFound):
        films.film_id_of(session, str(film_id))


def test_many_stubs_that_stay_do_not_shelter_one_that_goes(session):
    """However many of them are older."""
    said = facts.stub(session, Ref("tmdb", "1"), now=NOW)
    library.say(session, user(session), said, {"saved": True}, now=NOW)
    for start in range(2, MOST_AT_ONCE + 10, 50):
        first, *near = (row(number) for number in range(start, start + 50))
        film_id = keep(session, first, whole=False, keeps=None)
        library.say(session, user(session), film_id, {"saved": True}, now=NOW)
        facts.set_similar(session, film_id, "tmdb", near, now=NOW, keeps=None)
    stub = keep(session, row(99_999), whole=False, keeps=None, now=later())
    facts.expire(session, now=later(92))
    with pytest.raises(FilmNotFound):
        films.film_id_of(session, str(stub))


@pytest.mark.parametrize(
    "settings", ["sqlite"], indirect=True
)  # PostgreSQL does not tell what its foreign keys cost
def test_no_table_is_searched_through_for_each_film_that_goes(session):
    """A hundred scans for a hundred films would keep all who write waiting for seconds."""
    plan = session.execute(text("EXPLAIN QUERY PLAN DELETE FROM films WHERE id IN (1, 2)")).all()
    assert [step.detail for step in plan if step.detail.startswith("SCAN")] == []


# Asking again


def queued(session, kind="fetch_film"):
    """The films that are to be asked for."""
    open_ones = select(models.Job.film_id).where(models.Job.kind == kind, models.Job.state == "queued")
    return set(session.scalars(open_ones))


@pytest.mark.parametrize("days", [1, 7, 14])
def test_a_source_whose_answers_may_be_kept_for_days_is_not_asked_without_end(app, session, days):
    """Right after its answer there is nothing to ask."""
    source = app.sources["wikidata"]
    film_id = keep(session, RONIN, "wikidata", keeps=timedelta(days=days))
    library.say(session, user(session), film_id, {"saved": True}, now=NOW)
    fetching.want(session, {"wikidata": source}, [film_id], now=NOW + timedelta(minutes=1))
    assert not queued(session)


def test_a_film_that_a_source_no_longer_knows_is_not_asked_for_without_end(app, session):
    """What the source told stays to the end of its terms, however near that is."""
    source = app.sources["wikidata"]
    film_id = keep(session, RONIN, "wikidata")
    library.say(session, user(session), film_id, {"saved": True}, now=NOW)
    near_the_end = NOW + HALF_A_YEAR - timedelta(days=5)
    facts.keep_nothing(session, film_id, "wikidata", now=near_the_end)
    fetching.want(session, {"wikidata": source}, [film_id], now=near_the_end)
    renew(session, {"wikidata": source}, now=near_the_end + timedelta(minutes=1))
    assert not queued(session)


def test_many_facts_that_nobody_wants_do_not_keep_one_from_being_renewed(app, session):
    """However many of them end before."""
    for number in range(100_000, 100_300):
        keep(session, row(number), "wikidata", keeps=HALF_A_YEAR - timedelta(hours=1))
    film_id = keep(session, RONIN, "wikidata")
    library.say(session, user(session), film_id, {"saved": True}, now=NOW)
    renew(session, {"wikidata": app.sources["wikidata"]}, now=NOW + HALF_A_YEAR - timedelta(days=5))
    assert queued(session) == {film_id}
