"""The bell over RabbitMQ: what it rings arrives, nobody waits for it, and what nobody can use is put aside."""

import signal
import threading
import time
from datetime import UTC, datetime

import kombu
import pytest

from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.dispatch import broker
from moviefinder.store import jobs
from moviefinder.store.schema import prepare
from tests import queue_kinds, queue_workers, rabbitmq


@pytest.fixture
def settings(tmp_path, empty_rabbitmq):
    """An install on SQLite that rings over RabbitMQ."""
    return Settings(data=tmp_path, queue="celery", broker=empty_rabbitmq)


def make(settings):
    """The App, with tables and no films."""
    app = make_app(settings)
    prepare(app.engine)
    queue_kinds.make_table(app)
    return app


def ask(app, key, **told):
    """Enqueue a job as a request does; gives the seconds that it took."""
    began = time.monotonic()
    with app.transaction() as session:
        assert jobs.enqueue(session, "fetch_told", key, told, now=datetime.now(UTC))
    return time.monotonic() - began


def until(condition, wait_s=60):
    """Wait for a condition; gives the seconds that it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < wait_s
        time.sleep(0.02)
    return time.monotonic() - began


def take(connection, queue):
    """A message off a queue, not yet acknowledged."""
    message = kombu.Queue(queue)(connection.default_channel).get(accept=["json"])
    assert message is not None
    return message


def waiting(settings, queue):
    """How many messages wait in a queue; a quorum queue without a leader, just after a start, cannot say."""
    try:
        return broker.waiting(settings, queue)
    except OSError:
        return 0


def test_each_job_is_told_of_in_the_queue_of_its_lane(settings):
    """By its id and kind, as JSON; nothing else travels."""
    bell = broker.CeleryBell(settings)
    bell.ring([(n, "fetch_film") for n in range(20)])
    bell.ring([(20, "clean_up")])
    bell.close()
    assert waiting(settings, "fetch") == 20
    assert waiting(settings, "work") == 1
    with kombu.Connection(settings.broker.get_secret_value()) as connection:
        message = take(connection, "work")
        assert message.content_type == "application/json"
        assert message.payload[:2] == [[20, "clean_up"], {}]
        message.ack()


def test_a_message_that_nobody_can_use_is_put_aside(settings):
    """After five deliveries it waits among the dead letters for somebody to look at it."""
    bell = broker.CeleryBell(settings)
    bell.ring([(1, "fetch_film")])
    bell.close()
    with kombu.Connection(settings.broker.get_secret_value()) as connection:
        for _ in range(broker.DELIVERIES + 1):
            take(connection, "fetch").requeue()
        until(lambda: waiting(settings, "dead-letters") == 1)
    assert waiting(settings, "fetch") == 0


def test_a_pickle_is_never_opened(settings):
    """Whoever reaches the broker could else run what he likes; the worker goes on with what comes after."""
    app = make(settings)
    worker = queue_workers.start_worker(settings)
    try:
        with kombu.Connection(settings.broker.get_secret_value()) as connection:
            broker.declare(connection.default_channel)
            trap = b"cos\nsystem\n(S'touch " + str(settings.data / "opened").encode() + b"'\ntR."
            producer = kombu.Producer(connection)
            headers = {"task": broker.RUN, "id": "x", "lang": "py", "argsrepr": "", "kwargsrepr": ""}
            producer.publish(
                trap,
                exchange="moviefinder",
                routing_key="fetch",
                content_type="application/x-python-serialize",
                content_encoding="binary",
                headers=headers,
            )
        ask(app, "after")
        until(lambda: queue_kinds.effects(app) == ["after"])
    finally:
        worker.kill()
        app.close()
    assert not (settings.data / "opened").exists()


@pytest.mark.slow
def test_nobody_waits_for_a_broker_that_is_away_and_jobs_run_soon_after_its_return(tmp_path):
    """Killed, or alive and taking nothing: a request takes as long as ever; the job runs within half a minute."""
    with rabbitmq.running() as server:
        settings = Settings(data=tmp_path, queue="celery", broker=server.url)
        app = make(settings)
        worker = queue_workers.start_worker(settings)
        try:
            ask(app, "before")
            until(lambda: queue_kinds.effects(app) == ["before"])

            server.kill()
            assert max(ask(app, f"away {n}") for n in range(10)) < 1
            server.start()
            took_s = until(lambda: len(queue_kinds.effects(app)) == 11)
            assert took_s < 30

            server.signal(signal.SIGSTOP)
            assert max(ask(app, f"stopped {n}") for n in range(10)) < 1
            time.sleep(3)  # for the bell to find out
            assert ask(app, "stopped still") < 1
            server.signal(signal.SIGCONT)
            took_s = until(lambda: len(queue_kinds.effects(app)) == 22)
            assert took_s < 30
        finally:
            worker.kill()
            closing = threading.Thread(target=app.close)
            closing.start()
            closing.join(10)
            assert not closing.is_alive()
