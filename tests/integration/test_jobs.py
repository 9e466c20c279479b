"""The durable queue: once each, again after a failure, given up and kept in the end."""

import dataclasses
import threading
import time
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as configure
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from moviefinder import worker
from moviefinder.app import make_app
from moviefinder.errors import FilmNotFound, JobNotFound, NotYet, SourceOff, SourceUnavailable
from moviefinder.services.accounts import sessions
from moviefinder.store import jobs, limits, models
from moviefinder.worker import HANDLERS, Task, Worker, running
from moviefinder.worker.kinds import PERIODIC
from moviefinder.worker.runner import Runner
from tests.conftest import NOW


def states(app):
    """The state of every job, oldest first."""
    with app.reading() as session:
        return list(session.scalars(select(models.Job.state).order_by(models.Job.id)))


def ask(app, key="a", kind="clean_up", **options):
    """Enqueue a job; returns whether it is a new one."""
    with app.transaction() as session:
        return jobs.enqueue(session, kind, key, now=NOW, **options)


def take(app, now=NOW, lane=None):
    """Claim the next job."""
    with app.transaction() as session:
        return jobs.claim(session, now=now, lane=lane)


def until(condition):
    """Wait for a condition."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def told(monkeypatch):
    """Handlers by kind, for kinds that a test brings."""
    monkeypatch.setattr(running, "HANDLERS", handlers := dict(HANDLERS))
    return handlers


def test_asking_twice_for_open_work_is_asking_once(empty_app):
    """Also while it runs; once it is done, it may be asked for again."""
    assert ask(empty_app)
    assert not ask(empty_app)
    claim = take(empty_app)
    assert not ask(empty_app)
    with empty_app.transaction() as session:
        jobs.finish(session, claim, now=NOW)
    assert ask(empty_app)
    assert states(empty_app) == ["done", "queued"]


def test_the_most_urgent_job_that_is_due_comes_first(empty_app):
    """Then the one that has waited longest."""
    ask(empty_app, "later", run_after=NOW + timedelta(hours=1), priority=1)
    ask(empty_app, "plain")
    ask(empty_app, "urgent", priority=1)
    with empty_app.reading() as session:
        keys = dict(session.execute(select(models.Job.id, models.Job.key)).all())
    taken = [keys[claim.id] for claim in iter(lambda: take(empty_app), None)]
    assert taken == ["urgent", "plain"]


def test_a_failed_job_is_tried_again_later_and_given_up_after_eight_times(empty_app):
    """Each time after a longer wait; its error is kept."""
    ask(empty_app)
    now, waits = NOW, []
    for _ in range(jobs.ATTEMPTS):
        assert take(empty_app, now - timedelta(seconds=1)) is None or not waits
        claim = take(empty_app, now)
        with empty_app.transaction() as session:
            jobs.retry_or_fail(session, claim, error="no answer", now=now, retry_after_s=None)
            due = session.scalar(select(models.Job.run_after).where(models.Job.state == "queued"))
        if due:
            waits.append((due - now).total_seconds())
            now = due
    assert states(empty_app) == ["failed"]
    assert len(waits) == jobs.ATTEMPTS - 1
    assert all(24 * 2**n <= wait <= 36 * 2**n for n, wait in enumerate(waits, start=1))


def test_the_job_of_a_dead_worker_is_found_again(empty_app):
    """When its lease is over, and five times at most; after the first death it rests, longer each time."""
    ask(empty_app)
    now, rests = NOW, []
    for _ in range(jobs.DEATHS):
        assert take(empty_app, now)
        with empty_app.transaction() as session:
            assert jobs.free_expired(session, now=now) == 0  # its worker may still be alive
            now += jobs.LEASE + timedelta(seconds=1)
            assert jobs.free_expired(session, now=now) == 1
            if due := jobs.next_due(session):
                rests.append(max(0, (due - now).total_seconds()))
                now = max(now, due)
    assert states(empty_app) == ["failed"]
    assert rests == [0, 5, 30, 120]


@pytest.fixture
def three_jobs(empty_app):
    """An App on which three jobs can be asked for again and again."""
    return empty_app


@configure(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.sampled_from(["claim", "finish", "die"]), max_size=30))
def test_any_order_of_claims_and_deaths_runs_each_job(three_jobs, order):
    """At least once, and none that is done runs again."""
    with three_jobs.transaction() as session:
        session.execute(delete(models.Job))
    for key in "abc":
        ask(three_jobs, key)
    held, done, deaths = [], set(), 0
    for step in [*order, *["die"] * 3, *["claim", "finish"] * 6]:
        if step == "claim" and (claim := take(three_jobs, NOW + timedelta(hours=1))):
            assert claim.id not in done
            held.append(claim)
        elif step == "finish" and held:
            claim = held.pop()
            with three_jobs.transaction() as session:
                assert jobs.finish(session, claim, now=NOW)
                assert not jobs.finish(session, claim, now=NOW)
            done.add(claim.id)
        elif step == "die" and deaths < jobs.DEATHS - 1:
            deaths += 1
            held.clear()
            with three_jobs.transaction() as session:
                jobs.free_expired(session, now=NOW, all_claims=True)
    assert set(states(three_jobs)) == {"done"}


def test_the_runner_cleans_up_what_is_over(empty_app):
    """Ended sessions, abandoned guests, old counters; who may come back stays."""
    long_ago = NOW - timedelta(days=400)
    with empty_app.transaction() as session:
        for seen_at in (long_ago, NOW):
            sessions.make_guest(session, address="", user_agent="", per_hour=None, now=seen_at)
        limits.count(session, "guest:x", limit=5, window=timedelta(hours=1), now=long_ago)
        session.execute(
            update(models.User).where(models.User.created_at == long_ago).values(display_name="gone")
        )
    ask(empty_app)
    assert worker.run_due(empty_app) == 1
    with empty_app.reading() as session:
        assert list(session.scalars(select(models.User.display_name))) == [None]
        assert len(list(session.scalars(select(models.Session)))) == 1
        assert list(session.scalars(select(models.Limit))) == []
    assert states(empty_app) == ["done"]


def test_a_job_that_raises_is_kept_with_its_error(empty_app):
    """An unknown kind, say: the worker goes on, the job waits for its next try."""
    with empty_app.transaction() as session:
        jobs.enqueue(session, "unheard_of", "x", now=NOW)
    assert worker.run_due(empty_app) == 1
    with empty_app.reading() as session:
        job = session.scalar(select(models.Job))
        assert (job.state, job.attempts, job.error) == ("queued", 1, "Not found")


def test_the_runner_thread_runs_what_the_bell_rings_for(empty_app):
    """It starts with what comes round by the clock, and stops when told."""
    runner = Runner(empty_app)
    runner.start()
    try:
        ask(empty_app, "rung")
        until(lambda: states(empty_app) == ["done"] * (1 + len(PERIODIC)))
    finally:
        runner.stop()
    assert not runner.is_alive()


def test_each_lane_takes_its_own(empty_app):
    """What is unheard of counts as work; without a lane everything is taken."""
    for kind in ("fetch_film", "clean_up", "fetching"):
        ask(empty_app, kind=kind)
    assert [take(empty_app, lane="fetch").kind, take(empty_app, lane="fetch")] == ["fetch_film", None]
    with empty_app.reading() as session:
        assert jobs.next_due(session, lane="fetch") is None
        assert jobs.next_due(session, lane="work") == NOW
        assert [kind for _, kind in jobs.due(session, now=NOW, lane="work", limit=9)] == [
            "clean_up",
            "fetching",
        ]
    assert [take(empty_app).kind, take(empty_app, lane="work").kind] == ["clean_up", "fetching"]


def test_a_lease_holds_as_long_as_it_is_renewed(empty_app):
    """By its own claim alone."""
    ask(empty_app)
    claim = take(empty_app)
    later = NOW + jobs.LEASE - timedelta(seconds=1)
    with empty_app.transaction() as session:
        jobs.renew(session, [claim], now=later)
        assert jobs.free_expired(session, now=later + jobs.LEASE) == 0
        jobs.renew(session, [dataclasses.replace(claim, claims=claim.claims + 1)], now=later + jobs.LEASE)
        assert jobs.free_expired(session, now=later + jobs.LEASE + timedelta(seconds=1)) == 1


def test_a_claim_that_was_overtaken_settles_nothing(empty_app):
    """Its worker was thought dead; what it would write is not written."""
    ask(empty_app)
    slow, later = take(empty_app), NOW + jobs.LEASE + timedelta(seconds=1)
    with empty_app.transaction() as session:
        jobs.free_expired(session, now=later)
    quick = take(empty_app, later)
    with empty_app.transaction() as session:
        assert not jobs.finish(session, slow, now=later)
        assert not jobs.postpone(session, slow, until=later)
        assert not jobs.retry_or_fail(session, slow, error="late", now=later, retry_after_s=None)
        assert jobs.finish(session, quick, now=later)
    assert states(empty_app) == ["done"]


def test_what_a_handler_writes_counts_once_however_often_it_is_tried(empty_app, told):
    """A job that is taken by another while it is done leaves nothing of the first try."""
    runs = []

    def overtaken(app, claim):
        if not runs:  # the first is so slow that its lease is over, and another takes the job
            runs.append("slow")
            with app.transaction() as session:
                jobs.free_expired(session, now=NOW, all_claims=True)
            assert Worker(app).run_next()
        else:
            runs.append("quick")
        return lambda session, _now: session.add(models.Version(name=runs.pop(), number=1, data={}))

    told["told"] = Task(overtaken)
    ask(empty_app, kind="told")
    assert worker.run_due(empty_app) == 1
    with empty_app.reading() as session:
        assert list(session.scalars(select(models.Version.name))) == ["quick"]
    assert states(empty_app) == ["done"]


@pytest.mark.parametrize(
    ("error", "state", "attempts", "said"),
    [
        (NotYet("Too soon.", retry_after_s=60), "queued", 0, None),
        (SourceOff("tmdb is off."), "done", 1, None),
        (
            SourceUnavailable("api.example.org answers 503."),
            "queued",
            1,
            "A film source does not answer: api.example.org answers 503.",
        ),
        (FilmNotFound("tmdb:603"), "queued", 1, "No such film"),
        (ValueError("tmdb:603"), "queued", 1, "ValueError in worker/running.py"),
    ],
)
def test_what_a_handler_raises_decides_what_becomes_of_the_job(empty_app, told, error, state, attempts, said):
    """And what the operator is told names no film."""

    def fail(_app, _claim):
        raise error

    told["told"] = Task(fail)
    ask(empty_app, kind="told")
    assert worker.run_due(empty_app) == 1
    with empty_app.reading() as session:
        job = session.scalar(select(models.Job))
        assert (job.state, job.attempts) == (state, attempts)
        assert job.error == said or job.error.startswith(said)
        assert "603" not in str(job.error)


def test_a_job_beyond_its_limit_is_given_up_and_may_still_end_well(empty_app, told):
    """Its thread hangs; the job waits for its next try, or is settled after all."""
    answered, began = threading.Event(), threading.Event()

    def hang(_app, _claim):
        began.set()
        assert answered.wait(30)
        return lambda _session, _now: None

    told["told"] = Task(hang, 0.0)
    ask(empty_app, kind="told")
    hand = Worker(empty_app)
    thread = threading.Thread(target=hand.run_next)
    thread.start()
    assert began.wait(30)
    assert hand.beat() == [thread.ident]
    assert hand.beat() == []
    with empty_app.reading() as session:
        job = session.scalar(select(models.Job))
        assert (job.state, job.attempts, job.error) == ("queued", 1, "It took longer than 0 s.")
    answered.set()
    thread.join()
    assert states(empty_app) == ["done"]


def test_a_stopping_worker_puts_back_what_it_cannot_finish(empty_app, told):
    """As if it had not been begun; soon, so that a stop is not waited for."""
    began, over = threading.Event(), threading.Event()

    def hang(_app, _claim):
        began.set()
        assert over.wait(30)
        return lambda _session, _now: None

    told["told"] = Task(hang)
    runner = Runner(empty_app)
    runner.start()
    ask(empty_app, kind="told", priority=1)
    assert began.wait(30)
    runner.stop(0.2)
    with empty_app.reading() as session:
        job = session.scalar(select(models.Job).where(models.Job.kind == "told"))
        assert (job.state, job.attempts, job.deaths) == ("queued", 0, 0)
    over.set()
    while runner.is_alive():  # its thread has a connection, which must not outlive the database
        time.sleep(0.01)


def test_a_failed_job_is_tried_again_unless_the_same_was_asked_for_anew(empty_app):
    """One that has not failed cannot be; what is shown of it names neither film nor key."""
    ask(empty_app, "tmdb:603")
    with empty_app.transaction() as session:
        session.execute(update(models.Job).values(state="failed", attempts=8, error="no"))
    with empty_app.reading() as session:
        [job] = jobs.past(session, state="failed")
        assert jobs.past(session, state="done") == []
    assert "603" not in str(job)
    with empty_app.transaction() as session:
        assert jobs.retry(session, job.id, now=NOW)
        with pytest.raises(JobNotFound):
            jobs.retry(session, job.id, now=NOW)
        session.execute(update(models.Job).values(state="failed"))
    ask(empty_app, "tmdb:603")
    with empty_app.transaction() as session:
        assert jobs.failed_ids(session) == [job.id]
        assert not jobs.retry(session, job.id, now=NOW)
    assert states(empty_app) == ["queued"]


def test_what_is_still_to_come_is_counted_for_films_and_for_a_library(app, say):
    """What is due within a minute is being fetched, what is due later waits; posters do not count."""
    say(1, verdict="liked")
    with app.transaction() as session:
        session.execute(delete(models.Job))
        film_ids = list(session.scalars(select(models.Film.id).order_by(models.Film.id).limit(2)))
        for film_id in film_ids:
            jobs.enqueue(session, "fetch_film", f"a:{film_id}", now=NOW, film_id=film_id)
            jobs.enqueue(session, "fetch_poster", f"{film_id}", now=NOW, film_id=film_id)
        later = NOW + timedelta(minutes=2)
        jobs.enqueue(session, "fetch_similar", "a", now=NOW, run_after=later, film_id=film_ids[0])
    with app.reading() as session:
        [user_id] = session.scalars(select(models.User.id))
        liked = session.scalar(select(models.UserFilm.film_id))
        assert jobs.pending(session, now=NOW, film_ids=film_ids) == (2, 1)
        assert jobs.pending(session, now=NOW, film_ids=[film_ids[1]]) == (1, 0)
        assert jobs.pending(session, now=NOW) == (0, 0)
        assert jobs.pending(session, now=NOW, user_id=user_id) == jobs.pending(
            session, now=NOW, film_ids=[liked]
        )


def test_another_process_of_the_folder_is_heard(empty_app):
    """Through the pipe: the second App has no worker, and its job starts long before anybody would look."""
    runner = Runner(empty_app)
    runner.start()
    other = make_app(empty_app.settings)
    try:
        until(lambda: states(empty_app) == ["done"] * len(PERIODIC))  # from now on it waits to be rung for
        time.sleep(0.2)
        began = time.monotonic()
        ask(other, "rung")
        until(lambda: states(empty_app) == ["done"] * (len(PERIODIC) + 1))
        assert time.monotonic() - began < 5
    finally:
        runner.stop()
        other.close()


def test_a_second_worker_takes_over_when_the_first_ends(empty_app):
    """One at a time works on a folder."""
    first, second = Runner(empty_app), Runner(other := make_app(empty_app.settings))
    try:
        first.start()
        until(lambda: states(empty_app) == ["done"] * len(PERIODIC))
        second.start()
        first.stop()
        ask(empty_app, "for the second")
        until(lambda: states(empty_app) == ["done"] * (len(PERIODIC) + 1))
    finally:
        first.stop()
        second.stop()
        other.close()
    assert not first.is_alive()
    assert not second.is_alive()


def test_what_comes_round_is_asked_for_every_six_hours(empty_app):
    """By however many processes, however often they start."""
    for _ in range(3):
        worker.ask_for_periodic(empty_app)
    worker.run_due(empty_app)
    worker.ask_for_periodic(empty_app)
    assert states(empty_app).count("queued") == 0
    assert states(empty_app).count("done") == len(PERIODIC)
    with empty_app.transaction() as session:
        session.execute(update(models.Job).values(created_at=NOW - timedelta(days=365)))
    worker.ask_for_periodic(empty_app)
    assert states(empty_app).count("queued") == len(PERIODIC)
