"""A stand-in for somebody outside as a thread of the test's own: asked over real HTTP, and ended with its block."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, TypeVar


class Known(Protocol):
    """What a stand-in knows and how it behaves."""

    stop: threading.Event


Who = TypeVar("Who", bound=Known)


class Server(ThreadingHTTPServer):
    """Each connection has a thread; `who` is what its handlers go by."""

    daemon_threads = True
    who: Any

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has hung up, as it should when we misbehave."""


class Handler(BaseHTTPRequestHandler):
    """Sends whole answers, and keeps quiet."""

    protocol_version = "HTTP/1.1"
    server: Server

    def send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        """Send an answer whole and close."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """The journal tells."""


@contextmanager
def standing(make: Callable[[str], Who], handler: type[Handler]) -> Iterator[Who]:
    """Serve what `make` makes of an address, until the block ends."""
    server = Server(("127.0.0.1", 0), handler)
    server.who = who = make(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield who
    finally:
        who.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()
