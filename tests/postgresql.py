"""A private PostgreSQL for tests: its own folder, its own port, gone at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.server import free_port

# Nothing here must outlive a power cut, and without these a commit is several times quicker.
QUICK = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Start PostgreSQL with its files in `folder` and give the address of an empty database; skip where there is none.

    The server refuses to run as root: there it runs as the user that its package made.
    """
    programs = _programs()
    folder.mkdir(parents=True)
    acting: list[str] = []
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
        for parent in folder.parents:  # pytest keeps its folders to itself
            if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
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


def _programs() -> Path:
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name)
    )
    if not found:
        pytest.skip("No PostgreSQL: apt-get install postgresql.")
    return found[-1].parent


def _run(*command: str | Path) -> None:
    subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
