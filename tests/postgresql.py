"""A private PostgreSQL for tests: its own folder, its own port, gone at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.server import free_port

# Nothing here must outlive a power cut, and without these a commit is several times quicker.
QUICK = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"


@contextmanager
def running() -> Iterator[str]:
    """Start PostgreSQL in a folder of its own and give the address of an empty database; skip where there is none.

    The server refuses to run as root: there it runs as the user that its package made. Not under pytest's folders:
    each run of pytest closes those to everybody else, also for the runs beside it.
    """
    programs = _programs()
    acting: list[str] = []
    folder = Path(tempfile.mkdtemp(prefix="moviefinder-postgresql-"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
        acting = [
            "setpriv",
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "env",
            f"HOME={folder}",
        ]
    port = free_port()
    cluster, log = folder / "db", folder / "log"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} {QUICK}"
    access = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    _run(*acting, programs / "initdb", "-D", cluster, *access)
    _run(*acting, programs / "pg_ctl", "-D", cluster, "-w", "-l", log, "-o", options, "start")
    try:
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        _run(*acting, programs / "pg_ctl", "-D", cluster, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def _programs() -> Path:
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name)
    )
    if not found:
        pytest.skip("No PostgreSQL: apt-get install postgresql.")
    return found[-1].parent


def _run(*command: str | Path) -> None:
    subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
