"""One port that answers, fails on demand, and remembers who asked what."""

from __future__ import annotations

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.stand_in import faults
from tests.stand_in.answers import Answer, Answers, Asked


class Server(ThreadingHTTPServer):
    """Shares faults and journal with the server that it stands beside."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], answers: Answers, *, beside: Server | None = None) -> None:
        super().__init__(address, Handler)
        self.answers = answers
        self.lock = beside.lock if beside else threading.Lock()
        self.faults: list[dict[str, Any]] = beside.faults if beside else []
        self.journal: list[dict[str, Any]] = beside.journal if beside else []
        self.addresses: dict[str, str] = {}
        self.certificates: dict[str, str] = {}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has hung up, as it should when we misbehave."""

    def fault_of(self, path: str) -> dict[str, Any] | None:
        """The last told fault of a path that is not used up; using it counts."""
        with self.lock:
            for fault in reversed(self.faults):
                if path.startswith(fault["prefix"]) and fault["times"] != 0:
                    if fault["times"]:
                        fault["times"] -= 1
                    return fault
        return None


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "stand-in"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 90
    server: Server

    def do_GET(self) -> None:
        """Answer, or control."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = urlsplit(self.path)
        if parts.path.startswith("/_control"):
            self._control(parts.path.removeprefix("/_control"), body)
            return
        asked = Asked(
            method=self.command,
            path=unquote(parts.path),
            query=parts.query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body.decode("utf-8", "replace"),
        )
        with self.server.lock:
            self.server.journal.append(
                {**asked.told(), "at": time.time(), "connection": self.client_address[1]}
            )
        fault = self.server.fault_of(asked.path)
        answer = self.server.answers.to(asked)
        if fault is None or faults.commit(fault, self, answer):
            self.send(answer)

    do_POST = do_DELETE = do_PUT = do_GET  # noqa: N815  # the names of the class above

    def send(self, answer: Answer) -> None:
        """Send an answer whole."""
        self.send_response(answer.status)
        told = {name.lower(): value for name, value in answer.headers.items()}
        for name, value in ({"content-type": "application/json"} | told).items():
            self.send_header(name, value)
        if answer.status != 304:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _control(self, path: str, body: bytes) -> None:
        server, told = self.server, {}
        with server.lock:
            if self.command == "DELETE":
                server.faults.clear()
                server.journal.clear()
            elif path == "/faults":
                server.faults.append({"times": None, **json.loads(body)})
            elif path == "/journal":
                told = list(server.journal)
            else:
                told = {
                    "pid": os.getpid(),
                    "addresses": server.addresses,
                    "certificates": server.certificates,
                }
        self.send(Answer(body=json.dumps(told).encode()))

    def log_message(self, *_: Any) -> None:
        """The journal tells."""
