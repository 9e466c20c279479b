"""Asks the outside in a process of its own, and tells what came of it: `python -m tests.asking`.

Each line of input is a question (see `Asker.ask`), each line of output what it led to: the exception, seconds, how
many megabytes the process grew at most, and every number and port that a connection was attempted to.
"""

from __future__ import annotations

import gc
import json
import re
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


class Asker:
    """The other end of the pipe."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self.log = log
        """All that it logged, at the level `debug`."""

    def ask(self, url: str, *, how: str = "json", **more: Any) -> dict[str, Any]:
        """Ask once, with an empty database and no connection open.

        Args:
            url: where.
            how: `json`, `bytes`, or `film`: the film 603, of the source that we have for TMDB.
            more: `written`, what the operator wrote as address; `limits`, of the client; `trust`, a certificate for
                HTTPS; `numbers`, what names resolve to instead of asking anybody; `any_number`, to connect to these
                whatever they are.

        Returns:
            error, message, seconds, mb, connections, kept (answers in the database).
        """
        self._process.stdin.write(json.dumps({"url": url, "how": how, **more}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def asking() -> Iterator[Asker]:
    """Start one, and end it afterwards."""
    command = [sys.executable, "-m", "tests.asking"]
    with tempfile.NamedTemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            yield Asker(process, Path(log.name))
        finally:
            process.stdin.close()
            process.wait(30)
            process.stdout.close()


def _answer(folder: Path, question: dict[str, Any]) -> dict[str, Any]:
    from sqlalchemy import func, select

    from moviefinder.config import Settings
    from moviefinder.records import Ref
    from moviefinder.sources import OutsideHost
    from moviefinder.sources.addresses import is_global, look_up
    from moviefinder.sources.connections import Connections
    from moviefinder.sources.http import Limits, PoliteClient
    from moviefinder.sources.tmdb import TmdbSource
    from moviefinder.store import make_engine
    from moviefinder.store.hosts import HostLedger
    from moviefinder.store.kept import KeptAnswers
    from moviefinder.store.models import Base, Host, KeptAnswer

    engine = make_engine(f"sqlite:///{folder / 'asked.db'}")
    tables: Any = [Host.__table__, KeptAnswer.__table__]
    Base.metadata.drop_all(engine, tables)
    Base.metadata.create_all(engine, tables)
    written = {"address": question.get("written", ""), "key": "secret-key", "every_s": 0}
    settings = Settings(data=folder, sources={"tmdb": written})
    limits = Limits(**question.get("limits", {}))
    numbers, trust = question.get("numbers"), question.get("trust")
    connections = Connections(
        connect_s=limits.connect_s,
        read_s=limits.read_s,
        trust=(lambda: ssl.create_default_context(cafile=trust)) if trust else None,
        look_up=(lambda _host, _port: [(number, port) for number, port in numbers]) if numbers else look_up,
        is_fine=(lambda _: True) if question.get("any_number") else is_global,
    )
    kept = KeptAnswers(engine)
    client = PoliteClient(
        settings, HostLedger(engine), kept, is_on=lambda _: True, limits=limits, connections=connections
    )
    hosts = [OutsideHost(host=host, purpose="", sends="") for host in ("one.example", "two.example")]
    outlet = client.outlet("tmdb", hosts)
    call = {
        "json": lambda: outlet.get_json(question["url"], fresh=_hour()),
        "bytes": lambda: outlet.get_bytes(question["url"], types={"image/jpeg"}),
        "film": lambda: TmdbSource(client, settings).film(Ref("tmdb", "603")),
    }[question["how"]]
    attempts.clear()
    before, began, error = _megabytes(fresh=True), time.monotonic(), None
    try:
        call()
    except Exception as raised:  # noqa: BLE001  # told to whoever asked
        error = raised
    seconds = time.monotonic() - began
    told = {
        "seconds": round(seconds, 2),
        "mb": round(_megabytes() - before, 1),
        "connections": list(attempts),
    }
    with engine.connect() as connection:
        told["kept"] = connection.scalar(select(func.count()).select_from(KeptAnswer))
    client.close()
    engine.dispose()
    return told | {"error": type(error).__name__ if error else None, "message": str(error) if error else ""}


def _hour() -> Any:
    from datetime import timedelta

    return timedelta(hours=1)


def _megabytes(*, fresh: bool = False) -> float:
    """The most memory that this process held; with `fresh` from now on."""
    if fresh:
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


attempts: list[list[Any]] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        attempts.append(list(arguments[1][:2]))


if __name__ == "__main__":
    from moviefinder.log import set_up

    set_up("debug")
    sys.addaudithook(_note)
    with tempfile.TemporaryDirectory() as made:
        for line in sys.stdin:
            sys.stdout.write(json.dumps(_answer(Path(made), json.loads(line))) + "\n")
            sys.stdout.flush()
