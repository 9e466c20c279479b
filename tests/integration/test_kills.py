"""A few of the kills of `make faults`: worker and broker die at random moments, and nothing is lost or done twice."""

import pytest

from tests import rabbitmq
from tests.faults import kills, web_kills

pytestmark = pytest.mark.slow
KILLS = 2


def holds(figures):
    """Whether it is as promised."""
    assert figures.acknowledged > figures.kills
    assert (figures.lost, figures.doubled, figures.failed) == (0, 0, 0), str(figures)


def test_killing_the_server_loses_nothing(tmp_path):
    """Web processes and worker at once, while people like films that have to be fetched."""
    holds(web_kills.kill_web(tmp_path, kills=KILLS, seed=14))


def test_killing_the_child_of_the_server_loses_nothing(tmp_path):
    """The server answers all the time, and starts another."""
    holds(web_kills.kill_child(tmp_path, kills=KILLS, seed=5))


def test_killing_the_embedded_worker_loses_nothing(tmp_path):
    """On SQLite."""
    holds(kills.kill_workers(kills.embedded(tmp_path), kills=KILLS, seed=11))


def test_killing_celery_workers_loses_nothing(tmp_path, empty_postgresql, empty_rabbitmq):
    """On PostgreSQL."""
    settings = kills.with_celery(tmp_path, empty_postgresql, empty_rabbitmq)
    holds(kills.kill_workers(settings, kills=KILLS, seed=12))


def test_killing_the_broker_loses_nothing_and_makes_nobody_wait(tmp_path, empty_postgresql):
    """A broker of its own, for others use the shared one."""
    with rabbitmq.running() as broker:
        settings = kills.with_celery(tmp_path, empty_postgresql, broker.url)
        holds(kills.kill_broker(settings, broker, kills=KILLS, seed=13))
