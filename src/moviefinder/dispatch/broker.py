"""The bell over RabbitMQ: Celery messages that name a job, published after the commit by a thread beside the requests.

A message wakes one worker for one job, the most urgent of its lane, which need not be the one that it names: what a
person waits for overtakes what an import has asked for, though the broker knows no priorities.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import kombu
from celery import Celery
from celery.app.amqp import AMQP

from moviefinder.config import Settings
from moviefinder.dispatch.lanes import LANES, WORK, lane_of
from moviefinder.log import get_logger

log = get_logger(__name__)

RUN: Final = "moviefinder.run"
SWEEP: Final = "moviefinder.sweep"
SWEEP_EVERY_S: Final = 10.0

PAUSE_S: Final = 10.0
"""After a failure the broker is left alone: trying takes up to two seconds a time."""
PATIENCE_S: Final = 2.0
"""For connecting, and for the broker to confirm a message; a blocked broker takes messages and confirms none."""
CLOSE_S: Final = 2.0
KEPT_RINGS: Final = 10_000
"""Rings that wait for the broker in memory; beyond, the oldest are left to the sweep."""
DELIVERIES: Final = 5

_EXCHANGE: Final = kombu.Exchange("moviefinder", type="topic", durable=True)
_DEAD: Final = kombu.Exchange("moviefinder.dead", type="fanout", durable=True)
DEAD_LETTERS: Final = kombu.Queue(
    "dead-letters", _DEAD, durable=True, queue_arguments={"x-queue-type": "quorum", "x-max-length": 10_000}
)
QUEUES: Final = tuple(
    kombu.Queue(
        lane,
        _EXCHANGE,
        routing_key=lane,
        durable=True,
        queue_arguments={
            "x-queue-type": "quorum",  # survives the death of the broker
            "x-delivery-limit": DELIVERIES,  # RabbitMQ before 4.0 has none by itself
            "x-dead-letter-exchange": _DEAD.name,
        },
    )
    for lane in LANES
)


class _Connection(kombu.Connection):  # type: ignore[misc]  # kombu is not typed
    """Looks for a broker that is away every two to five seconds; kombu would come to wait half a minute."""

    def _ensure_connection(self, *args: Any, **options: Any) -> Any:
        return super()._ensure_connection(*args, **options | {"interval_max": 5})


class _Amqp(AMQP):  # type: ignore[misc]  # Celery is not typed
    Connection = _Connection


def make_celery(settings: Settings) -> Celery:
    """The Celery app: queues and settings, without tasks."""
    celery = Celery("moviefinder", amqp=_Amqp)
    celery.conf.update(
        broker_url=settings.broker.get_secret_value(),
        broker_connection_timeout=PATIENCE_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_heartbeat=30,
        broker_transport_options={"confirm_publish": True},
        # JSON and nothing else: pickle would let whoever reaches the broker run what he likes.
        accept_content=["json"],
        result_accept_content=["json"],
        task_serializer="json",
        event_serializer="json",
        task_ignore_result=True,  # results are in the database
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=False,  # the claim holds; a second one finds it taken
        worker_hijack_root_logger=False,
        task_queues=QUEUES,
        task_create_missing_queues=False,
        task_default_queue=WORK,
        task_default_exchange=_EXCHANGE.name,
        task_default_exchange_type=_EXCHANGE.type,
        task_default_routing_key=WORK,
        beat_scheduler="celery.beat:Scheduler",  # nothing to remember between starts, so no file
        beat_schedule={
            "sweep": {
                "task": SWEEP,
                "schedule": SWEEP_EVERY_S,
                "options": {"expires": 2 * SWEEP_EVERY_S, "confirm_timeout": PATIENCE_S},
            }
        },
    )
    return celery


def waiting(settings: Settings, lane: str) -> int:
    """How many messages of a lane no worker has taken yet."""
    with _connection(settings) as connection:
        return int(connection.default_channel.queue_declare(lane, passive=True).message_count)


def declare(channel: Any) -> None:
    """Have the broker make the queues where it lacks them."""
    for queue in (*QUEUES, DEAD_LETTERS):
        queue(channel).declare()


class CeleryBell:
    """Rings by Celery messages, from a thread of its own that starts with the first ring."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._celery = make_celery(settings)
        self._rings: deque[tuple[int, str]] = deque(maxlen=KEPT_RINGS)
        self._told = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    def ring(self, jobs: Sequence[tuple[int, str]]) -> None:
        """Have the thread tell of these jobs; returns at once, whatever the broker does."""
        with self._changed:
            self._rings.extend(jobs)
            if self._thread is None:
                self._thread = threading.Thread(target=self._relay, name="bell", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Tell what is still to be told, in two seconds at most."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    def _relay(self) -> None:
        is_down = False
        while self._wait_for_rings():
            told = self._told
            try:
                with _connection(self._settings) as connection:
                    declare(connection.default_channel)
                    if is_down:
                        log.info("broker.up")
                        is_down = False
                    self._publish(connection)
            except Exception as error:  # noqa: BLE001  # no list tells what a broken broker may raise
                if self._told > told:  # a connection that was good once; a new one may be good at once
                    continue
                if not is_down:
                    log.warning("broker.down", error=type(error).__name__, consequence="jobs start later")
                is_down = True
                with self._changed:
                    if self._changed.wait_for(lambda: self._closing, PAUSE_S):
                        return

    def _publish(self, connection: kombu.Connection) -> None:
        """Publish rings as they come, until there is an error or the end."""
        producer = self._celery.amqp.Producer(connection, auto_declare=False)
        while self._wait_for_rings():
            job = job_id, kind = self._rings[0]
            self._celery.send_task(
                RUN,
                (job_id, kind),
                producer=producer,
                exchange=_EXCHANGE.name,
                routing_key=lane_of(kind),
                retry=False,
                confirm_timeout=PATIENCE_S,
            )
            with self._changed:
                self._told += 1
                if self._rings[0] is job:  # else it was pushed out by later ones
                    self._rings.popleft()

    def _wait_for_rings(self) -> bool:
        """Wait until there is something to tell; False when there is nothing and never will be."""
        with self._changed:
            self._changed.wait_for(lambda: self._rings or self._closing)
            return bool(self._rings)


def _connection(settings: Settings) -> kombu.Connection:
    """A connection that gives up soon, for those who come back by themselves."""
    limits = {"read_timeout": PATIENCE_S, "write_timeout": PATIENCE_S, "confirm_publish": True}
    address = settings.broker.get_secret_value()
    connection = kombu.Connection(address, connect_timeout=PATIENCE_S, transport_options=limits)
    return connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
