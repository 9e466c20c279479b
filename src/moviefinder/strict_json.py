"""JSON as RFC 8259 has it, from anybody: within limits of depth, values and text, whatever it costs the sender."""

from __future__ import annotations

import json
import math
import re
from itertools import islice
from typing import Any

from moviefinder.errors import Malformed

DEPTH = 64

# An open end counts as closed: where a quote is not, the search for one goes over the rest only once.
_TEXT_OR_MARK = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[,\[{]', re.DOTALL)
_QUOTE = ord('"')


def parse(
    data: bytes, *, name: str = "body", depth: int = DEPTH, values: int, text: int | None = None
) -> Any:
    """Read JSON strictly.

    Refuses doubled keys, NaN, whole numbers beyond 64 bits, U+0000 and halves of surrogate pairs beside what is no
    JSON. Memory goes by `values`: those are counted before any is made.

    Args:
        data: UTF-8.
        name: what the message calls it.
        depth: how many levels deep at most.
        values: how many values at most, containers included.
        text: characters of the longest text or key; None for as long as it comes.

    Raises:
        Malformed: any of that.
    """
    reader = _Reader(name)
    if _marks(data, most=2 * values) > 2 * values:
        raise reader.malformed(f"holds more than {values} values")
    try:
        found = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=reader.object,
            parse_int=reader.integer,
            parse_float=reader.number,
            parse_constant=reader.constant,
        )
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise reader.malformed(f"is not JSON: {error}") from error
    except RecursionError as error:
        raise reader.malformed(f"is nested deeper than {depth} levels") from error
    reader.check(found, depth=depth, values=values, text=text)
    return found


def _marks(data: bytes, *, most: int) -> int:
    """Commas and opening brackets outside of texts: at most two for each value. Quick where there are few at all."""
    marks = data.count(b",") + data.count(b"[") + data.count(b"{")
    if marks <= most:
        return marks
    # One by one, and no more than need be: to cut the texts out takes forty times their length where they are short.
    outside = (found for found in _TEXT_OR_MARK.finditer(data) if data[found.start()] != _QUOTE)
    return sum(1 for _ in islice(outside, most + 1))


class _Reader:
    """What the parser is to do with each value; the messages say whose values they are."""

    def __init__(self, name: str) -> None:
        self._name = name

    def malformed(self, what: str) -> Malformed:
        return Malformed(f"The {self._name} {what}.", field=self._name)

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise self.malformed("names a key twice in one object; name each once")
        return found

    def integer(self, text: str) -> int:
        if len(text) > 20 or not -(2**63) <= (number := int(text)) < 2**63:
            raise self.malformed("holds a whole number beyond 64 bits")
        return number

    def number(self, text: str) -> float:
        number = float(text)
        if math.isinf(number):
            raise self.malformed("holds a number too large for 64 bits")
        return number

    def constant(self, text: str) -> float:
        raise self.malformed(f"holds {text}, which is not JSON")

    def check(self, value: Any, *, depth: int, values: int, text: int | None) -> None:
        """Depth, number and texts, without recursion."""
        waiting, counted = [(value, 1)], 0
        while waiting:
            value, level = waiting.pop()
            counted += 1
            if level > depth:
                raise self.malformed(f"is nested deeper than {depth} levels")
            if counted > values:
                raise self.malformed(f"holds more than {values} values")
            if isinstance(value, str):
                self._check_text(value, text)
            elif isinstance(value, dict):
                for key in value:
                    self._check_text(key, text)
                waiting.extend((child, level + 1) for child in value.values())
            elif isinstance(value, list):
                waiting.extend((child, level + 1) for child in value)

    def _check_text(self, text: str, most: int | None) -> None:
        if most is not None and len(text) > most:
            raise self.malformed(f"holds a text of more than {most} characters")
        if "\0" in text:
            raise self.malformed("holds the character U+0000, which no text of ours has")
        if text.isascii():
            return
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise self.malformed("holds half of a surrogate pair, which is no character") from error
