"""`moviefinder worker`: the embedded worker by itself, without the web."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from moviefinder.cli import data_folder
from moviefinder.config import load_settings
from moviefinder.errors import CannotStart

STOP_S = 10.0


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder for everything that is kept.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file.")
def worker(data: Path | None, config: Path | None) -> None:
    """Do the work behind the scenes, without the web.

    One worker at a time works on a data folder: while `moviefinder serve` does, this one waits to take over. On
    PostgreSQL any number of folders, on any number of machines, share the work.
    """
    from moviefinder import log
    from moviefinder.worker.runner import Runner

    settings = load_settings(config=config, data=data)
    if settings.queue == "celery":
        raise CannotStart(
            "Setting 'queue' is \"celery\": start workers with `celery -A moviefinder.worker.celery worker`."
        )
    data_folder.make(settings.data)
    log.set_up(settings.log_level)
    app, _ = data_folder.prepare(settings)
    runner = Runner(app)
    runner.start()
    stopped_by = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stopped_by)
    click.echo(f"The worker of {settings.data} is there", err=True)
    signal.sigwait(stopped_by)
    runner.stop(STOP_S)
    app.close()
