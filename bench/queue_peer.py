"""The peer: a task of plain Celery on the same broker; `celery -A bench.queue_peer worker`.

PEER_SAFE=1 gives it what ours has: a quorum queue, late acknowledgement, publishing that waits for the confirmation.
"""

import os
import time
from pathlib import Path

import kombu
from celery import Celery

from bench.queue_worker import note

IS_SAFE = os.environ.get("PEER_SAFE") == "1"

app = Celery("peer", broker=os.environ["PEER_BROKER"])
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)
if IS_SAFE:
    exchange = kombu.Exchange("peer-safe", type="topic")
    arguments = {"x-queue-type": "quorum"}
    app.conf.update(
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        broker_transport_options={"confirm_publish": True},
        task_default_queue="peer-safe",
        task_queues=[kombu.Queue("peer-safe", exchange, routing_key="peer-safe", queue_arguments=arguments)],
        task_default_exchange="peer-safe",
        task_default_exchange_type="topic",
        task_default_routing_key="peer-safe",
    )


@app.task(name="peer.say_when")
def say_when(folder: str, key: str) -> None:
    """Write down when it began."""
    note(Path(folder), key, time.monotonic())
