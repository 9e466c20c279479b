"""One request to the real app on the real database, in a process that ends at its n-th statement.

Run as a program it reads one question a line and forks for each: the imports, which take longest, are made once. The
process dies by `os._exit`, as by a kill: nothing is rolled back, flushed or closed.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

KILLED = 77


class Killer:
    """Asks requests that are killed at a statement of one's choice."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, settings: Any, path: str, body: dict[str, Any], *, cookies: str, at: int) -> int:
        """POST a body, and die at the statement with this number.

        Returns:
            KILLED; or 0 where there are not so many statements and the answer was 200, else 1.
        """
        told = {
            "settings": settings.model_dump_json(exclude_defaults=True),
            "path": path,
            "body": body,
            "cookies": cookies,
            "at": at,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(told), file=self._process.stdin, flush=True)  # to the process
        return int(self._process.stdout.readline())


@contextmanager
def killing() -> Iterator[Killer]:
    """A process that asks so, for the length of a block."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.killed_requests"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        yield Killer(process)
        assert process.stdin is not None
        process.stdin.close()


@functools.cache
def _app(settings: str) -> tuple[Any, Any]:
    """The app and a client of it; no connection is open yet, so that it can be forked."""
    from moviefinder.app import make_app
    from moviefinder.config import Settings
    from moviefinder.web import create_app

    app = make_app(Settings(**json.loads(settings)))
    return app, create_app(app).test_client(use_cookies=False)


def _ask(told: dict[str, Any]) -> int:
    from sqlalchemy import event

    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the log goes where it is not taken for an answer
    app, client = _app(told["settings"])
    count = 0

    def step(*_: object) -> None:
        nonlocal count
        count += 1
        if count == told["at"]:
            os._exit(KILLED)

    event.listen(app.engine, "before_cursor_execute", step)
    event.listen(app.engine, "commit", step)  # told before the database is
    answer = client.post(
        told["path"],
        json=told["body"],
        headers={"X-Requested-With": "moviefinder", "Cookie": told["cookies"]},
    )
    return 0 if answer.status_code == 200 else 1


def _main() -> None:
    import argon2  # noqa: F401  # before the fork, once

    for line in sys.stdin:
        told = json.loads(line)
        _app(told["settings"])
        if (pid := os.fork()) == 0:
            try:
                os._exit(_ask(told))
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201  # what it was asked


if __name__ == "__main__":
    _main()
