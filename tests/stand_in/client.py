"""Starting the stand-in, telling it what to do, and asking what it saw."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
OWN_PATHS = {  # where the address of each source begins; what follows is as it is outside
    "tmdb": ("/tmdb/3", "/tmdb-images/t/p"),
    "imdb": ("/imdb", "/imdb-images/images/M"),
    "imdb-graphql": ("/imdb-graphql", "/imdb-graphql-images/images/M"),
    "wikidata": ("/wikidata/w/api.php", ""),
    "wikipedia": ("/wikipedia/api/rest_v1", ""),
}


class StandIn:
    """A running stand-in."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
        told = self._control("GET", "")
        self.pid: int = told["pid"]
        self.addresses: dict[str, str] = told["addresses"]
        """Other ways not to answer: `refused`, `silent`, and, where there is openssl, `tls`, `tls_elsewhere`."""
        self.certificates: dict[str, str] = told["certificates"]
        """Files with the certificates of the latter two, which sign themselves."""

    def settings(self, *names: str, **more: Any) -> dict[str, Any]:
        """Arguments of `Settings` by which these sources, or all, are on and ask here without a pause."""
        sources = {}
        for name in names or OWN_PATHS:
            facts, images = OWN_PATHS[name]
            sources[name] = {
                "on": True,
                "key": "stand-in",
                "client": "stand-in",
                "every_s": 0,
                "address": self.address + facts,
                "images": self.address + images if images else "",
            }
        return {"sources": sources, **more}

    def fault(self, prefix: str, kind: str, *, times: int | None = None, **more: Any) -> None:
        """Fail from now on where a path begins so, so many times or until `clear`; later faults go before earlier.

        `more`: `retry_after` with a status, `seconds` with `delay`, `to` with `redirect`.
        """
        self._control("POST", "/faults", {"prefix": prefix, "kind": kind, "times": times, **more})

    def clear(self) -> None:
        """Be well again, and forget who asked what."""
        self._control("DELETE", "")

    def journal(self, prefix: str = "/") -> list[dict[str, Any]]:
        """What was asked, in order: method, path (decoded), query, headers (lower case), body, at, connection."""
        journal: list[dict[str, Any]] = self._control("GET", "/journal")
        return [asked for asked in journal if asked["path"].startswith(prefix)]

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.address}/_control{path}", data=data, method=method)
        with self._open(request, timeout=10) as answer:
            return json.load(answer)


@contextmanager
def running(*, recorded: bool = False) -> Iterator[StandIn]:
    """Start one, and end it afterwards.

    Args:
        recorded: answer with what was recorded, where that is; else with our own samples.
    """
    command = [sys.executable, "-m", "tests.stand_in", *(["--recorded"] if recorded else [])]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin
    assert process.stdout
    try:
        address = process.stdout.readline().strip()
        assert address, "the stand-in did not start"
        yield StandIn(address)
    finally:
        process.stdin.close()  # it ends with whoever started it, however that ends
        process.wait(10)
        process.stdout.close()
