"""`moviefinder worker`: the embedded worker by itself, without the web."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from moviefinder.cli import data_folder
from moviefinder.config import load_settings
from moviefinder.errors import CannotStart

STOP_S = 10.0


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder for everything that is kept.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file.")
@click.option("--kept", is_flag=True, hidden=True, help="Started by `serve`, which tells the settings.")
def worker(data: Path | None, config: Path | None, kept: bool) -> None:
    """Do the work behind the scenes, without the web.

    One worker at a time works on a data folder: while `moviefinder serve` does, this one waits to take over. On
    PostgreSQL any number of folders, on any number of machines, share the work.
    """
    from moviefinder import log
    from moviefinder.worker.child import work_for_parent
    from moviefinder.worker.runner import Runner

    if kept:
        work_for_parent()
        return
    settings = data_folder.as_served(load_settings(config=config, data=data))
    if settings.queue == "celery":
        raise CannotStart(
            "Setting 'queue' is \"celery\": start workers with `celery -A moviefinder.worker.celery worker`."
        )
    data_folder.make(settings.data)
    log.set_up(settings.log_level)
    app, _ = data_folder.prepare(settings)
    runner = Runner(app)
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    runner.start()
    click.echo(f"The worker of {settings.data} is there", err=True)
    over.wait()
    runner.stop(STOP_S)
    app.close()
