"""The Celery worker with the kinds of jobs that tests bring: `celery -A tests.queue_celery worker`."""

from moviefinder.worker.celery import app
from tests import queue_kinds

__all__ = ["app", "queue_kinds"]
