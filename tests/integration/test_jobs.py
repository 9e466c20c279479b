"""The durable queue: once each, again after a failure, given up and kept in the end."""

import time
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as configure
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from moviefinder import worker
from moviefinder.services import accounts
from moviefinder.store import jobs, limits, models
from moviefinder.worker.runner import Runner
from tests.conftest import NOW


def states(app):
    """The state of every job, oldest first."""
    with app.reading() as session:
        return list(session.scalars(select(models.Job.state).order_by(models.Job.id)))


def ask(app, key="a", **options):
    """Enqueue a job; returns whether it is a new one."""
    with app.transaction() as session:
        return jobs.enqueue(session, "clean_up", key, now=NOW, **options)


def take(app, now=NOW):
    """Claim the next job."""
    with app.transaction() as session:
        return jobs.claim(session, now=now)


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
    """When its lease is over, and five times at most."""
    ask(empty_app)
    now = NOW
    for _ in range(jobs.DEATHS):
        assert take(empty_app, now)
        with empty_app.transaction() as session:
            assert jobs.free_expired(session, now=now) == 0  # its worker may still be alive
            now += jobs.LEASE + timedelta(seconds=1)
            assert jobs.free_expired(session, now=now) == 1
    assert states(empty_app) == ["failed"]


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
        if step == "claim" and (claim := take(three_jobs)):
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
            accounts.make_guest(session, address="", user_agent="", per_hour=None, now=seen_at)
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
    """It starts with a clean-up of its own, and stops when told."""
    runner = Runner(empty_app)
    runner.start()
    try:
        ask(empty_app, "rung")
        until = time.monotonic() + 30
        while states(empty_app) != ["done", "done"] and time.monotonic() < until:
            time.sleep(0.02)
        assert states(empty_app) == ["done", "done"]
    finally:
        runner.stop()
    assert not runner.is_alive()
