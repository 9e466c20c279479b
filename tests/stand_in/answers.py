"""What the stand-in answers: what a manifest has for a question, films of its own making, pictures."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zlib import crc32

from tests.stand_in import made

RECORDED_AS = {"imdb-suggestion": "imdb"}
"""Folders of recorded answers that are named otherwise than their source."""
IGNORED = frozenset({"api_key", "language", "append_to_response", "includeVideos", "include_adult"})
_PLACEHOLDER = re.compile(r"\{\w+\}|\.\.\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked; the path without escapes."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str

    def told(self) -> dict[str, Any]:
        """As the journal has it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One answer of a manifest, and what it is the answer to."""

    file: Path
    method: str
    path: str
    query: Mapping[str, str]
    match: Mapping[str, Any]
    status: int
    headers: Mapping[str, str]


class Answers:
    """All that is known, by source. Of two folders with one source the first counts; the second fills in."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._entries: dict[str, list[list[_Entry]]] = {}
        for folder in folders:
            for manifest in sorted(folder.glob("*/manifest.json")):
                source = RECORDED_AS.get(manifest.parent.name, manifest.parent.name)
                self._entries.setdefault(source, []).append(_entries(manifest, source))

    def to(self, asked: Asked) -> Answer:
        """The answer to a question: `/source/path as outside`, or `/source-images/any path`."""
        source, _, path = asked.path.lstrip("/").partition("/")
        if source.endswith("-images"):
            return _picture(path)
        query = dict(parse_qsl(asked.query, keep_blank_values=True))
        if source == "tmdb" and not ("api_key" in query or "authorization" in asked.headers):
            return self._of_status(source, 401)
        if source == "imdb-graphql" and "x-imdb-client-name" not in asked.headers:
            return self._of_status(source, 403)
        known = made.answer(source, path, query)
        if known is None and (entry := self._entry(source, path, query, asked)):
            return _conditional(_read(entry), asked)
        if known is None:
            known = made.nothing(source, path, query)
        if known is None:
            return self._of_status(source, 404)
        return _conditional(Answer(body=json.dumps(known).encode()), asked)

    def _entry(self, source: str, path: str, query: Mapping[str, str], asked: Asked) -> _Entry | None:
        body = json.loads(asked.body) if asked.method == "POST" else {}
        for entries in self._entries.get(source, []):
            if entry := _best(entries, asked.method, _own_form(source, path), query, body):
                return entry
        return None

    def _of_status(self, source: str, status: int) -> Answer:
        for entries in self._entries.get(source, []):
            for entry in entries:
                if entry.status == status:
                    return _read(entry)
        return Answer(status=status, body=b"{}")


def _entries(manifest: Path, source: str) -> list[_Entry]:
    found = []
    for row in json.loads(manifest.read_text(encoding="utf-8")):
        parts = urlsplit(row["url"].split(" ")[0])
        number = re.search(r"\btt[0-9]+", row["file"])
        asked_for = {"variables": {"id": number[0]}} if number and row["method"] == "POST" else {}
        if "..." in parts.path:  # recorded, and nobody knows where
            continue
        found.append(
            _Entry(
                file=manifest.parent / row["file"],
                method=row["method"],
                path=_own_form(source, unquote(parts.path).lstrip("/")),
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                match=row.get("match", asked_for),
                status=row["status"],
                headers=row.get("headers", {}),
            )
        )
    return found


def _own_form(source: str, path: str) -> str:
    """Paths that mean the same in one form: of a suggestion, only what is looked up counts."""
    if source != "imdb":
        return path.rstrip("/")
    return path.rsplit("/", 1)[-1].removesuffix(".json").replace("_", " ").casefold()


def _best(
    entries: Iterable[_Entry], method: str, path: str, query: Mapping[str, str], body: Any
) -> _Entry | None:
    """The entry that fits a question best: what is written out goes before placeholders."""
    fitting = []
    for place, entry in enumerate(entries):
        score = _path_score(entry.path, path)
        if entry.status not in (200, 404):  # those come when a key is missing, or as a fault
            continue
        if entry.method != method or score is None or not _holds(body, entry.match):
            continue
        asked = {name: value for name, value in query.items() if name not in IGNORED}
        score += 10 * len(entry.match) - len(asked.keys() - entry.query.keys())
        for name, value in entry.query.items():
            if name in IGNORED:
                continue
            if name not in asked:
                break
            if asked[name].casefold() == value.casefold():
                score += 3
            elif not _PLACEHOLDER.fullmatch(value):
                break
        else:
            fitting.append((-score, entry.status >= 400, place, entry))
    return min(fitting, default=(None,))[-1]


def _path_score(known: str, asked: str) -> int | None:
    """How well a path fits; None where it does not."""
    left, right = known.split("/"), asked.split("/")
    if len(left) != len(right):
        return None
    score = 0
    for mine, other in zip(left, right, strict=True):
        if _PLACEHOLDER.fullmatch(mine):
            score -= 5
        elif mine != other:
            return None
    return score


def _holds(body: Any, match: Mapping[str, Any]) -> bool:
    """Whether a body has these members, at any depth the match goes to."""
    return isinstance(body, dict) and all(
        _holds(body.get(name), value) if isinstance(value, dict) else body.get(name) == value
        for name, value in match.items()
    )


def _read(entry: _Entry) -> Answer:
    kept = {name: value for name, value in entry.headers.items() if name.lower() in ("content-type", "etag")}
    if entry.file.suffix == ".html":
        kept |= {"Content-Type": "text/html"}
    return Answer(status=entry.status, headers=kept, body=entry.file.read_bytes())


def _conditional(answer: Answer, asked: Asked) -> Answer:
    """The same with its ETag, or 304 to who has it."""
    etag = f'"{crc32(answer.body):x}"'
    if asked.headers.get("if-none-match") == etag and answer.status == 200:
        return Answer(status=304, headers={"ETag": etag})
    return Answer(status=answer.status, headers={**answer.headers, "ETag": etag}, body=answer.body)


@lru_cache(64)
def _picture(path: str) -> Answer:
    """A picture in a colour of its own; none where the path says that it is missing."""
    if "missing" in path:
        return Answer(status=404, headers={"Content-Type": "text/html"}, body=b"<h1>404</h1>")
    from PIL import Image

    written = io.BytesIO()
    Image.new("RGB", (500, 750), f"#{crc32(path.encode()) & 0xFFFFFF:06x}").save(written, "JPEG")
    return Answer(
        headers={"Content-Type": "image/jpeg", "Cache-Control": "max-age=9"}, body=written.getvalue()
    )
