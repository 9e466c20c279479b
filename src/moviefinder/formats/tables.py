"""Tables as spreadsheets read them: CSV by RFC 4180, in which no cell is a formula."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, TextIO

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n\0]")
"""What a spreadsheet takes for a formula at the start of a cell (OWASP, "CSV Injection"), quotes before it or not: one
more quote can then always be taken off again."""


def safe(text: str) -> str:
    """The text as a cell: one that a spreadsheet would work out gets a single quote before it."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain(cell: str) -> str:
    """The text of a cell: what `safe` put before it is taken off."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def write(into: TextIO, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a table with a line of headings.

    Args:
        into: opened with `newline=""`.
        columns: what of each row, in which order; what a row lacks is an empty cell.
        rows: lists become words with a space between, mappings become JSON.
    """
    writer = csv.writer(into, lineterminator="\r\n")  # quotes doubled, and cells quoted where they must be
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):  # and datetime
        return value.isoformat()
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    return "" if value is None else safe(str(value))
