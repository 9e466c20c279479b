"""`moviefinder serve`: web server, worker and database with one command.

A gunicorn master, kept small, holds the port and starts the web processes; each has its own threads and one that runs
the embedded worker, which works in one process at a time.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from moviefinder.cli import data_folder
from moviefinder.config import Settings, load_settings
from moviefinder.errors import Busy, CannotStart, MovieFinderError

if TYPE_CHECKING:
    from moviefinder.app import App

BIND_FOR_S = 3.0
"""A web process may outlive its master's kill by 0.7 s and keep the port that long."""

_LOAD_FAILED = 4
"""gunicorn's exit code for a web process whose application could not be made."""


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder for everything that is kept.")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on.")
@click.option(
    "--config", type=click.Path(path_type=Path), help="Settings file; else moviefinder.toml in the folder."
)
@click.option("--reload", is_flag=True, help="Start anew when the code changes (for development).")
def serve(data: Path | None, host: str | None, port: int | None, config: Path | None, reload: bool) -> None:
    """Start MovieFinder."""
    settings = load_settings(config=config, data=data, host=host, port=port)
    listener = _bind(settings.host, settings.port)
    data_folder.make(settings.data)
    data_folder.note_served(settings)
    _run(settings, listener, reload=reload)


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise CannotStart(
            f"Cannot listen on {host}: {error.strerror}. Name another address with --host."
        ) from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    until = time.monotonic() + BIND_FOR_S
    while True:
        try:
            listener.bind(address)
            listener.listen(512)  # from now on a client waits rather than being refused
        except OSError as error:
            if time.monotonic() < until and not isinstance(error, PermissionError):
                time.sleep(0.1)
                continue
            listener.close()
            raise CannotStart(
                f"Cannot listen on {host} port {port}: {(error.strerror or str(error)).lower()}. "
                "Stop what uses it, or name another port with --port."
            ) from error
        return listener


def _run(settings: Settings, listener: socket.socket, *, reload: bool) -> None:
    from gunicorn.app.base import BaseApplication
    from gunicorn.glogging import Logger

    class Log(Logger):
        """gunicorn's own, without its three lines on a failed start: the reason was said in one."""

        def error(self, msg: object, *args: object, **kwargs: Any) -> None:
            if not str(msg).startswith(
                ("Worker (pid:%s) exited with code", "Shutting down: %s", "Reason: %s")
            ):
                super().error(msg, *args, **kwargs)

    class Server(BaseApplication):
        def load_config(self) -> None:
            options = {
                "bind": f"fd://{listener.fileno()}",
                "workers": settings.processes,
                "worker_class": "gthread",
                "threads": settings.threads,
                "keepalive": 75,
                "timeout": 60,
                "graceful_timeout": 10,
                "limit_request_line": 8190,  # a cursor of 1,000 films has 2,000 characters
                "forwarded_allow_ips": "",  # what proxies say is weighed by our own setting
                "control_socket_disable": True,  # two instances of one user would share it
                "loglevel": "warning",
                "logger_class": Log,
                "post_worker_init": _began,
                "worker_exit": _ended,
                "reload": reload,
            }
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return _web(settings)

    master = os.getpid()
    try:
        Server().run()
    except SystemExit as error:  # comes here in the web processes too, on their way out
        if error.code == _LOAD_FAILED and os.getpid() == master:
            sys.exit(2)
        raise


def _web(settings: Settings) -> Any:
    """The web application, in a web process: everything prepared and in memory, the worker's thread running."""
    from moviefinder import log

    _share_memory_between_threads()
    log.set_up(settings.log_level)
    try:
        app, _ = data_folder.prepare(settings)
        from moviefinder.web import create_app
        from moviefinder.worker.runner import Runner

        web = create_app(app)
        if settings.queue == "embedded":
            web.extensions["moviefinder.runner"] = runner = Runner(app, may_have_child=True)
            runner.start()
    except MovieFinderError as error:
        click.echo(f"moviefinder: {error.message}", err=True)
        sys.exit(_LOAD_FAILED)
    if settings.plain_http:
        log.get_logger(__name__).warning(
            "plain_http", consequence="cookies of other machines travel unprotected"
        )
    return web


def _share_memory_between_threads() -> None:
    """Have all threads take memory from two places instead of one each, which is kept by each for ever (25 MB)."""
    import ctypes

    arena_max = -8  # M_ARENA_MAX of malloc.h
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # the GNU C library's alone
    if mallopt is not None:
        mallopt(arena_max, 2)


def _began(worker: Any) -> None:
    app = worker.wsgi.extensions["moviefinder"]
    settings = app.settings
    click.echo(f"MovieFinder is at {settings.address} and keeps its data in {settings.data}", err=True)
    if worker.age == 1:  # the first of the web processes, and none that replaces one
        _ask_for_operator(app)


def _ask_for_operator(app: App) -> None:
    """Where others reach an install that nobody runs, tell the machine's owner, and nobody else, how to."""
    from moviefinder.services import operator

    with app.reading() as session:
        if not operator.is_wanted(app.settings, session):
            return
    try:
        with app.transaction() as session:
            code = operator.make_code(session, now=datetime.now(UTC))
    except Busy as error:  # a start goes before a code
        click.echo(f"moviefinder: no code for the operator: {error.message}", err=True)
        return
    click.echo(
        f"Nobody runs this install yet. Make an account, open {app.settings.address}/operator and enter this code, "
        f"once and within a week: {code}",
        err=True,
    )


def _ended(_arbiter: Any, worker: Any) -> None:
    web = getattr(worker, "wsgi", None)  # missing where the application could not be made
    if web is not None:
        if runner := web.extensions.get("moviefinder.runner"):
            runner.stop()
        web.extensions["moviefinder"].close()
