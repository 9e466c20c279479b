"""What a person said of films: say, forget, undo, read."""

from __future__ import annotations

from moviefinder.services.library.entry import ANSWERS, Entry
from moviefinder.services.library.reading import (
    Page,
    PastChange,
    Show,
    Sort,
    changes,
    counts,
    entries,
    entry_of,
)
from moviefinder.services.library.saying import Said, forget, hold, say, undo

__all__ = [
    "ANSWERS",
    "Entry",
    "Page",
    "PastChange",
    "Said",
    "Show",
    "Sort",
    "changes",
    "counts",
    "entries",
    "entry_of",
    "forget",
    "hold",
    "say",
    "undo",
]
