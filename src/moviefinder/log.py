"""Logs: one event name and key=value pairs a line; JSON where nobody sits at a terminal.

structlog looks for `rich` when it is imported, which costs 0.3 s of every start where some tool has brought it along;
we do not use it, so it is hidden first. Nobody's taste, search text or token is ever logged.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # None makes `import rich` fail at once

import structlog  # noqa: E402  # must come after the line above


def set_up(level: str, *, stream: Any = None) -> None:
    """Send every log line, ours and the libraries', through one format to one stream (standard error)."""
    stream = stream or sys.stderr
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    terminal = stream.isatty()
    renderer: Any = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    last: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    last += [renderer] if terminal else [structlog.processors.format_exc_info, renderer]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("fido2").setLevel("WARNING")  # it names each passkey that is used
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> Any:
    """A logger: `log.info("film.fetched", film_id=603, took_ms=212)`."""
    return structlog.stdlib.get_logger(name)
