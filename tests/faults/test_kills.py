"""Thirty kills of each part that does the work (`make faults`): nothing lost, nothing done twice to effect."""

from tests import rabbitmq
from tests.faults import kills, web_kills

KILLS = 30


def report(figures, capsys):
    """Print the figures, and hold them to what is promised."""
    with capsys.disabled():
        print(f"\n{figures}", flush=True)  # noqa: T201  # what `make faults` is for
    assert figures.acknowledged > 5 * figures.kills
    assert (figures.lost, figures.doubled, figures.failed) == (0, 0, 0)


def test_killing_the_server_loses_nothing(tmp_path, capsys):
    """Web processes and worker at once, while people like films that have to be fetched."""
    report(web_kills.kill_web(tmp_path, kills=KILLS, seed=4), capsys)


def test_killing_the_child_of_the_server_loses_nothing(tmp_path, capsys):
    """The server answers all the time, and starts another."""
    report(web_kills.kill_child(tmp_path, kills=KILLS, seed=5), capsys)


def test_killing_the_embedded_worker_loses_nothing(tmp_path, capsys):
    """On SQLite; what it had claimed is put back at once by the next."""
    settings = kills.embedded(tmp_path)
    report(kills.kill_workers(settings, kills=KILLS, seed=1), capsys)


def test_killing_celery_workers_loses_nothing(tmp_path, empty_postgresql, empty_rabbitmq, capsys):
    """On PostgreSQL; what they had claimed is put back when the lease is over."""
    settings = kills.with_celery(tmp_path, empty_postgresql, empty_rabbitmq)
    report(kills.kill_workers(settings, kills=KILLS, seed=2), capsys)


def test_killing_the_broker_loses_nothing_and_makes_nobody_wait(tmp_path, empty_postgresql, capsys):
    """The jobs are in the table; messages are but a bell."""
    with rabbitmq.running() as broker:
        settings = kills.with_celery(tmp_path, empty_postgresql, broker.url)
        report(kills.kill_broker(settings, broker, kills=KILLS, seed=3), capsys)
