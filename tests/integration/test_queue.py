"""What the queue promises, held for both set-ups by real workers: threads of our own, and Celery over RabbitMQ."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from moviefinder.app import make_app
from moviefinder.cli import data_folder
from moviefinder.config import Settings
from moviefinder.dispatch import FETCH, WORK
from moviefinder.store import jobs, models
from moviefinder.store.schema import prepare
from tests import queue_kinds, queue_workers

WAIT_S = 60  # a condition that holds is met at once; a busy machine gets its time


class Queue:
    """An install with a queue, the workers that a test starts, and what they did."""

    def __init__(self, settings):
        self.settings = settings
        self.app = make_app(settings)
        self.workers = []

    def ask(self, key, kind="fetch_told", priority=5, **told):
        """Enqueue a job that does as told."""
        with self.app.transaction() as session:
            return jobs.enqueue(session, kind, key, told, now=datetime.now(UTC), priority=priority)

    def work(self):
        """Start a worker."""
        self.workers.append(queue_workers.start_worker(self.settings))
        return self.workers[-1]

    def sweep(self):
        """Celery's sweep, more often than its clock has it made; the embedded worker looks by itself."""
        if self.settings.queue == "celery":
            from moviefinder.dispatch import broker

            with broker._connection(self.settings) as connection:
                broker.make_celery(self.settings).send_task(broker.SWEEP, expires=5, connection=connection)

    def until(self, condition, *, sweeping=False):
        """Wait for a condition."""
        end = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < end, (self.jobs(), [worker.log.read_text() for worker in self.workers])
            if sweeping:
                self.sweep()
            time.sleep(0.2 if sweeping else 0.02)

    def jobs(self):
        """Every job of ours as (key, state, attempts, deaths), oldest first."""
        told = models.Job.kind.in_(("fetch_told", "do_told", "unheard_of"))
        columns = (models.Job.key, models.Job.state, models.Job.attempts, models.Job.deaths)
        with self.app.reading() as session:
            return [
                tuple(row) for row in session.execute(select(*columns).where(told).order_by(models.Job.id))
            ]

    def states(self):
        """The set of states that jobs are in."""
        return {state for _, state, _, _ in self.jobs()}

    def starts(self):
        """The keys of the jobs that were begun, in that order."""
        return queue_kinds.starts(self.settings.data)

    def effects(self):
        """The keys of the jobs that had their effect, sorted."""
        return sorted(queue_kinds.effects(self.app))


@pytest.fixture(params=["embedded", "celery"])
def queue(request, tmp_path):
    """An install: on SQLite with workers of our own, or on PostgreSQL with Celery's."""
    data = tmp_path / "data"
    data.mkdir()
    settings = Settings(data=data)
    if request.param == "celery":
        address = request.getfixturevalue("empty_postgresql")
        broker = request.getfixturevalue("empty_rabbitmq")
        settings = Settings(data=data, database=address, queue="celery", broker=broker)
    else:
        data_folder.prepare(settings)[0].close()
    queue = Queue(settings)
    prepare(queue.app.engine)
    queue_kinds.make_table(queue.app)
    yield queue
    for worker in queue.workers:
        worker.kill()
    queue.app.close()


def test_work_that_is_asked_for_often_is_done_once(queue):
    """From many threads at the same time, too."""
    askers = [threading.Thread(target=lambda: [queue.ask("a") for _ in range(10)]) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    queue.work()
    queue.until(lambda: queue.states() == {"done"})
    assert queue.jobs() == [("a", "done", 1, 0)]
    assert queue.effects() == ["a"]


def test_a_job_that_fails_is_tried_again_and_one_that_came_too_soon_is_not_counted(queue):
    """Both have their effect once in the end."""
    queue.work()
    queue.ask("fails", fail=2)
    queue.ask("early", too_soon=2)
    queue.until(lambda: queue.states() == {"done"}, sweeping=True)
    assert queue.jobs() == [("fails", "done", 3, 0), ("early", "done", 1, 0)]
    assert queue.effects() == ["early", "fails"]
    assert sorted(queue.starts()) == ["early"] * 3 + ["fails"] * 3


def test_a_job_that_always_fails_is_kept_for_the_operator_and_can_be_tried_again(queue):
    """After eight tries; what is unheard of as well. Others go on meanwhile."""
    queue.work()
    queue.ask("hopeless", fail=8)
    queue.ask("fine", kind="do_told")
    queue.until(lambda: queue.states() == {"failed", "done"}, sweeping=True)
    assert queue.jobs() == [("hopeless", "failed", jobs.ATTEMPTS, 0), ("fine", "done", 1, 0)]
    with queue.app.reading() as session:
        [failed] = jobs.past(session, state="failed")
    assert failed.error == "A film source does not answer: No answer."
    with queue.app.transaction() as session:
        assert jobs.retry(session, failed.id, now=datetime.now(UTC))
    queue.until(lambda: queue.states() == {"done"}, sweeping=True)
    assert queue.effects() == ["fine", "hopeless"]


def test_a_job_that_kills_its_worker_is_given_up_after_five_times(queue):
    """And the jobs beside it are done."""
    queue.ask("deadly", die=100)
    queue.ask("beside")

    def is_over():
        if all(worker.process.poll() is not None for worker in queue.workers):
            queue.work()  # as a supervisor would
        with queue.app.transaction() as session:  # no need to wait for leases and rests
            long_ago = datetime.now(UTC) - timedelta(hours=1)
            deadly = (models.Job.key == "deadly", models.Job.claims == queue.starts().count("deadly"))
            over = {"lease_until": long_ago, "run_after": long_ago}
            if queue.settings.queue == "celery" or queue.jobs()[0][1] == "queued":
                session.execute(update(models.Job).where(*deadly).values(**over))
        return queue.states() == {"failed", "done"}

    queue.until(is_over, sweeping=True)
    assert queue.starts().count("deadly") == jobs.DEATHS
    assert next((key, state, deaths) for key, state, _, deaths in queue.jobs()) == (
        "deadly",
        "failed",
        jobs.DEATHS,
    )
    assert queue.effects() == ["beside"]


def test_several_workers_do_each_job_once(queue):
    """Two processes, each with threads or processes of its own."""
    queue.work()
    queue.work()
    for n in range(100):
        queue.ask(f"job {n}", kind="fetch_told" if n % 2 else "do_told")
    queue.until(lambda: queue.states() == {"done"})
    everything = sorted(f"job {n}" for n in range(100))
    assert queue.effects() == everything
    assert sorted(queue.starts()) == everything


def test_a_worker_that_is_told_to_stop_finishes_what_it_has_begun(queue):
    """Soon, in good order; what it had not begun waits for the next."""
    worker = queue.work()
    queue.ask("begun", sleep_s=1.5)
    queue.until(lambda: queue.starts() == ["begun"])
    assert worker.stop() == 0, worker.log.read_text()
    queue.ask("later")
    assert queue.jobs() == [("begun", "done", 1, 0), ("later", "queued", 0, 0)]
    queue.work()
    queue.until(lambda: queue.states() == {"done"})
    assert queue.effects() == ["begun", "later"]


def test_what_is_urgent_overtakes_and_work_does_not_hold_fetching_up(queue):
    """A person waits for the one; a long computation has a lane of its own."""
    for n in range(12):
        queue.ask(f"import {n}", priority=7, sleep_s=0.05)
    queue.ask("liked", priority=2)
    queue.work()
    queue.until(lambda: queue.states() == {"done"})
    assert "liked" in queue.starts()[:4]
    queue.ask("long", kind="do_told", sleep_s=3)
    queue.until(lambda: "long" in queue.starts())
    queue.ask("quick")
    queue.until(lambda: "quick" in queue.effects())
    assert "long" not in queue.effects()
    with queue.app.reading() as session:
        assert jobs.next_due(session, lane=FETCH) is None
        assert jobs.next_due(session, lane=WORK) is None
