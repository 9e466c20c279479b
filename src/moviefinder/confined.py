"""Run a function in a child process with limits of memory, processor time and time; for what reads hostile bytes.

The child is a fresh interpreter that imports the function's module and nothing else, and it writes no file. What goes
in and comes out is JSON with bytes in it, never pickle: by that a child that was taken over could take over its parent.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import resource
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any, Final

__all__ = ["Failed", "run"]

RESULT_BYTES: Final = 64_000_000
REASON_LENGTH: Final = 200
_BYTES: Final = "\0bytes"  # no key of an ordinary object begins so


class Failed(Exception):
    """The function raised, or went past its limits; the message says which."""


def run(function: Callable[..., Any], *args: Any, memory_mb: int = 512, seconds: float = 10) -> Any:
    """Call `function(*args)` in a child process.

    Args:
        function: a function at the top of a module; the module should import little, for the child starts anew.
        args: values of JSON, or bytes.
        memory_mb: how much memory it may take, beyond what it had when the module was imported.
        seconds: how long it may run, by the clock and by the processor.

    Returns:
        What the function returned: values of JSON, or bytes; tuples come as lists.

    Raises:
        Failed: it raised, took too much memory or time, or died.
    """
    task = {
        "path": sys.path,
        "module": function.__module__,
        "name": function.__qualname__,
        "args": args,
        "memory": memory_mb * 2**20,
        "seconds": seconds,
    }
    with tempfile.TemporaryFile() as given:
        given.write(_packed(task))
        given.seek(0)
        child = subprocess.Popen(
            [sys.executable, "-I", "-m", "moviefinder.confined"],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
        )
    try:
        answer = _read(child, time.monotonic() + seconds)
    finally:
        child.kill()
        child.wait()
        assert child.stdout
        child.stdout.close()
    try:
        outcome = _unpacked(answer)
        if "failed" in outcome:
            raise Failed(str(outcome["failed"])[:REASON_LENGTH])
        return outcome["result"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Failed("It ended without an answer.") from error


def _read(child: subprocess.Popen[bytes], until: float) -> bytes:
    """What the child writes, until it closes its end."""
    assert child.stdout
    parts: list[bytes] = []
    size = 0
    while (left_s := until - time.monotonic()) > 0:
        if not select.select([child.stdout], [], [], left_s)[0]:
            break
        part = os.read(child.stdout.fileno(), 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > RESULT_BYTES:
            raise Failed("It answered more than can be taken.")
    raise Failed("It took too long.")


def _packed(value: Any) -> bytes:
    def pack(part: Any) -> dict[str, str]:
        if not isinstance(part, bytes):
            raise TypeError(f"{type(part).__name__} cannot be passed to or from a child.")
        return {_BYTES: base64.b64encode(part).decode()}

    return json.dumps(value, default=pack).encode()


def _unpacked(data: bytes) -> Any:
    return json.loads(
        data, object_hook=lambda part: base64.b64decode(part[_BYTES]) if _BYTES in part else part
    )


def _serve() -> None:
    """In the child: read the task, take the limits on, do it, write the outcome."""
    os.nice(10)  # what is done behind the scenes gives way to pages
    out = os.dup(1)
    os.dup2(2, 1)  # what the function prints is no part of the answer
    task = _unpacked(sys.stdin.buffer.read())
    sys.path[:] = task["path"]
    try:
        function: Any = importlib.import_module(task["module"])
        for name in task["name"].split("."):
            function = getattr(function, name)
        _limit(task["memory"], task["seconds"])
        outcome = {"result": function(*task["args"])}
    except MemoryError:
        outcome = {"failed": "It took too much memory."}
    except Exception as error:  # noqa: BLE001  # whatever it was, the parent is told
        outcome = {"failed": str(error)[:REASON_LENGTH] or type(error).__name__}
    with os.fdopen(out, "wb") as answer:
        answer.write(_packed(outcome))


def _limit(memory: int, seconds: float) -> None:
    try:
        with open("/proc/self/statm") as statm:  # noqa: PTH123  # pathlib would have to be imported
            has = int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:  # no Linux: a guess at what an interpreter has
        has = 512 * 2**20
    processor_s = int(seconds) + 1
    for limit, most in (
        (resource.RLIMIT_AS, has + memory),
        (resource.RLIMIT_CPU, processor_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (allowed, allowed))


if __name__ == "__main__":
    _serve()
