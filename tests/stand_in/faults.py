"""How services fail: each kind of fault, as bytes on the wire."""

from __future__ import annotations

import gzip
import json
import random
import socket
import struct
import time
import zlib
from typing import TYPE_CHECKING, Any

from tests.stand_in.answers import Answer

if TYPE_CHECKING:
    from tests.stand_in.server import Handler

PATIENCE_S = 60
JSON = "Content-Type: application/json\r\n"


def commit(fault: dict[str, Any], handler: Handler, answer: Answer) -> bool:
    """Commit a fault; whether the answer is to be sent after it."""
    kind = fault["kind"]
    if kind.isdigit():
        headers = {"Retry-After": str(fault["retry_after"])} if fault.get("retry_after") is not None else {}
        handler.send(Answer(status=int(kind), headers=headers, body=b'{"success":false}'))
    elif kind == "delay":
        time.sleep(fault["seconds"])
        return True
    elif kind == "redirect":
        handler.send(Answer(status=fault.get("status", 302), headers={"Location": fault["to"]}))
    elif kind in ANSWERS:
        handler.send(ANSWERS[kind](answer))
    elif kind in AFTER:
        handler.send(answer)
        handler.wfile.flush()
        AFTER[kind](handler)
        handler.close_connection = True
    else:
        handler.close_connection = True
        BYTES[kind](handler)
    return False


def _spoilt(value: Any) -> Any:
    """The same, with something of another type in each place."""
    if isinstance(value, dict):
        return {key: _spoilt(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return {str(place): _spoilt(inner) for place, inner in enumerate(value)}
    return -1 if isinstance(value, str | None) else "seven"


def _halved(value: Any) -> Any:
    """The same, without every other field."""
    if isinstance(value, dict):
        return {key: _halved(inner) for key, inner in list(value.items())[1::2]}
    return [_halved(inner) for inner in value] if isinstance(value, list) else value


def _changed(change: Any) -> Any:
    def changed(answer: Answer) -> Answer:
        return Answer(body=json.dumps(change(json.loads(answer.body))).encode())

    return changed


def _body(body: bytes, **headers: str) -> Any:
    return lambda _: Answer(
        body=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


ANSWERS = {
    "challenge": lambda _: Answer(
        status=202,
        headers={"x-amzn-waf-action": "challenge", "Content-Type": "text/html"},
        body=b"<script>window.gokuProps = {}</script>",
    ),
    "empty": _body(b""),
    "garbage": _body(random.Random(1).randbytes(20_000)),
    "html": _body(b"<!doctype html><title>Sign in to this network</title>", Content_Type="text/html"),
    "image": _body(b"\x89PNG\r\n\x1a\n" + bytes(1000), Content_Type="image/png"),
    "deep": _body(b"[" * 100_000 + b"]" * 100_000),
    "deep-objects": _body(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "wide": _body(b"[" + b"[]," * 1_600_000 + b"[]]"),
    "rich": _body(
        b"["
        + '{"": "\N{GRINNING FACE}"},'.encode() * 99_000
        + b'"'
        + "\N{GRINNING FACE}".encode() * 800_000
        + b'"]'
    ),
    "doubled-keys": _body(b'{"id": 1, "id": 2}'),
    "not-a-number": _body(b'{"id": NaN}'),
    "null": _body(b"null"),
    "missing-fields": _changed(_halved),
    "wrong-types": _changed(_spoilt),
    "unpackable": _body(b"\x1f\x8b\x08\x00" + b"nothing of the kind" * 50, Content_Encoding="gzip"),
    "truncated-gzip": lambda answer: Answer(
        headers={"Content-Encoding": "gzip"}, body=gzip.compress(answer.body)[:-12]
    ),
    "two-gzips": lambda answer: Answer(
        headers={"Content-Encoding": "gzip"}, body=gzip.compress(answer.body) + gzip.compress(b" ")
    ),
    "closing": lambda answer: Answer(headers={"Connection": "close"}, body=answer.body),
    "cookies": lambda answer: Answer(headers={"Set-Cookie": "who=you; Path=/"}, body=answer.body),
    "gzip": lambda answer: Answer(
        headers={**answer.headers, "Content-Encoding": "gzip"}, body=gzip.compress(answer.body)
    ),
    "brotli": lambda answer: Answer(headers={"Content-Encoding": "br"}, body=answer.body),
}
"""Faults that are whole answers; each makes one of the right one."""


def _reset(handler: Handler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def _silence(handler: Handler) -> None:
    handler.connection.settimeout(PATIENCE_S)
    handler.connection.recv(1)


def _hang_up(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def _slowly(handler: Handler, data: bytes) -> None:
    began = time.monotonic()
    for byte in data:
        handler.connection.sendall(bytes([byte]))
        time.sleep(1)
        if time.monotonic() - began > PATIENCE_S:
            break


def _slow_headers(handler: Handler) -> None:
    _slowly(handler, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000)


def _slow_body(handler: Handler) -> None:
    handler.connection.sendall(f"HTTP/1.1 200 OK\r\n{JSON}Content-Length: 1000\r\n\r\n".encode())
    _slowly(handler, b'{"a": "' + b"a" * 993)


def _slow_body_without_length(handler: Handler) -> None:
    """Where an end is the end of the connection, an end that we make must not be taken for it."""
    handler.connection.sendall(f"HTTP/1.1 200 OK\r\n{JSON}Connection: close\r\n\r\n".encode())
    _slowly(handler, b"[1]" + b" " * 1000)


def _continue_forever(handler: Handler) -> None:
    _repeat(handler, b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 1_000_000)


def _cut_off(handler: Handler) -> None:
    handler.connection.sendall(f"HTTP/1.1 200 OK\r\n{JSON}Content-Length: 1000\r\n\r\n".encode() + b'{"a":')
    handler.connection.shutdown(socket.SHUT_RDWR)


def _not_http(handler: Handler) -> None:
    handler.connection.sendall(random.Random(2).randbytes(2000))
    handler.connection.shutdown(socket.SHUT_RDWR)


def _many_headers(handler: Handler) -> None:
    _repeat(handler, b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"a" * 60_000 + b"\r\n", 10_000)


def _long_header(handler: Handler) -> None:
    _repeat(handler, b"HTTP/1.1 200 OK\r\nX-Long: ", b"a" * 60_000, 10_000)


def _huge(handler: Handler) -> None:
    _repeat(
        handler, f"HTTP/1.1 200 OK\r\n{JSON}Content-Length: 500000000\r\n\r\n".encode(), b" " * 50_000, 10_000
    )


def _huge_without_length(handler: Handler) -> None:
    _repeat(handler, f"HTTP/1.1 200 OK\r\n{JSON}Connection: close\r\n\r\n".encode(), b" " * 50_000, 10_000)


def _huge_in_chunks(handler: Handler) -> None:
    chunk = b"c350\r\n" + b" " * 50_000 + b"\r\n"
    _repeat(handler, f"HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n".encode(), chunk, 10_000)


def _long_chunk_size(handler: Handler) -> None:
    _repeat(
        handler,
        f"HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n".encode(),
        b"0" * 50_000,
        10_000,
    )


def _gzip_bomb(handler: Handler) -> None:
    """A hundred times ten megabytes of nothing, each packed into ten kilobytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(10_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    head = f"HTTP/1.1 200 OK\r\n{JSON}Content-Encoding: gzip\r\nConnection: close\r\n\r\n".encode()
    _repeat(handler, head + b"\x1f\x8b\x08\0\0\0\0\0\0\xff", block, 100)


def _gzip_of_nothing(handler: Handler) -> None:
    """Blocks that hold nothing, without an end."""
    head = f"HTTP/1.1 200 OK\r\n{JSON}Content-Encoding: gzip\r\nConnection: close\r\n\r\n".encode()
    _repeat(handler, head + b"\x1f\x8b\x08\0\0\0\0\0\0\xff", b"\0\0\0\xff\xff" * 10_000, 10_000)


def _repeat(handler: Handler, head: bytes, more: bytes, times: int) -> None:
    handler.connection.sendall(head)
    for _ in range(times):
        handler.connection.sendall(more)


BYTES = {
    "reset": _reset,
    "silence": _silence,
    "hang-up": _hang_up,
    "slow-headers": _slow_headers,
    "slow-body": _slow_body,
    "slow-body-without-length": _slow_body_without_length,
    "continue-forever": _continue_forever,
    "cut-off": _cut_off,
    "not-http": _not_http,
    "many-headers": _many_headers,
    "long-header": _long_header,
    "huge": _huge,
    "huge-without-length": _huge_without_length,
    "huge-in-chunks": _huge_in_chunks,
    "long-chunk-size": _long_chunk_size,
    "gzip-bomb": _gzip_bomb,
    "gzip-of-nothing": _gzip_of_nothing,
}
"""Faults of the connection; after each it is closed."""


def _one_more_answer(handler: Handler) -> None:
    handler.connection.sendall(
        f"HTTP/1.1 200 OK\r\n{JSON}Content-Length: 10\r\n\r\n".encode() + b'{"id": -1}'
    )


AFTER = {"closed-after": _hang_up, "one-more-answer": _one_more_answer}
"""Faults that come after the right answer, on the same connection."""
