"""The route table, walked: every address that the app answers, with the least that each asks for filled in.

Tests that must hold of every route take it from here, so that a new one is in them without anybody's doing.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask
from pydantic import BaseModel

from moviefinder.web.security import Access, access_of

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

VALUES: dict[str, Any] = {
    "film": "imdb:tt0000001",
    "because": "imdb:tt0000002",
    "_film": 1,
    "person": 1,
    "letter": "f",
    "query": "film",
    "change": 1,
    "passkey": 1,
    "job": 1,
    "provider": "test",
    "name": "imdb",
    "file": "ab" + "0" * 62 + "-160.webp",
}
"""What stands for a parameter of an address, where nothing better is given; for any other 1 does."""

FIELDS: dict[str, Any] = {
    "email": "somebody@films.example",
    "password": "four dull stones in a brook",
    "film": "imdb:tt0000001",
    "verdict": "liked",
    "language": "en",
    "invitation": "no-invitation-of-ours",
}
"""What stands for a field that a schema alone does not say enough of."""


BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/account": {name: FIELDS[name] for name in ("email", "password")},
    "POST /api/v1/session/passkey/start": {},
}
"""What is sent where a schema asks for one thing or another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One address and method."""

    endpoint: str
    rule: str
    method: str
    access: Access
    arguments: frozenset[str]
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    view: Any = field(repr=False)

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"

    @property
    def is_write(self) -> bool:
        """Whether the method is one that may change something."""
        return self.method not in SAFE

    def address(self, values: Mapping[str, Any] | None = None) -> str:
        """The address with its parameters filled in, and with the query that it asks for."""
        told = VALUES | (values or {})
        if self.endpoint == "pages.root_file":
            told["name"] = "icon.svg"
        address = re.sub(r"{(\w+)}", lambda found: quote(str(told.get(found[1], 1)), safe=":@"), self.rule)
        query = urlencode(least(self.query, FIELDS, some=False)) if self.query else ""
        return f"{address}?{query}" if query else address

    def least_body(self, *also: str) -> dict[str, Any] | None:
        """The smallest body that its schema takes, and further fields where it has them; None where it takes none."""
        if self.body is None:
            return None
        body = BODIES[str(self)] if str(self) in BODIES else least(self.body, FIELDS)
        return body | {name: FIELDS[name] for name in also if name in self.body.model_fields}


def routes(flask: Flask) -> Iterator[Route]:
    """Every route of the app with every method but those that Flask adds by itself."""
    for rule in flask.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            view = flask.view_functions[rule.endpoint]
            access = access_of(flask, rule.endpoint)
            assert access is not None, f"{rule} does not say who may use it"
            yield Route(
                endpoint=rule.endpoint,
                rule=re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule),
                method=method,
                access=access,
                arguments=frozenset(rule.arguments),
                query=_part(view, "query"),
                body=_part(view, "body"),
                view=view,
            )


def _part(view: Any, name: str) -> type[BaseModel] | None:
    plain = inspect.unwrap(view)
    return typing.get_type_hints(plain)[name] if name in inspect.signature(plain).parameters else None


def least(model: type[BaseModel], values: Mapping[str, Any], *, some: bool = True) -> dict[str, Any]:
    """The smallest object that a schema takes: what it requires, or with `some` one field where it requires none."""
    schema = model.model_json_schema()
    shapes = schema.get("properties", {})
    names = schema.get("required") or list(shapes)[: 1 if some else 0]
    return {name: _value(name, shapes[name], schema.get("$defs", {}), values) for name in names}


def _value(name: str, shape: dict[str, Any], shapes: dict[str, Any], values: Mapping[str, Any]) -> Any:
    if "$ref" in shape or "anyOf" in shape:
        shape = shape["anyOf"][0] if "anyOf" in shape else shapes[shape["$ref"].rsplit("/", 1)[1]]
        return _value(name, shape, shapes, values)
    kind = shape.get("type")
    if name in values and isinstance(values[name], str) == (kind == "string"):
        return values[name]
    inner = {
        name: _value(name, shape["properties"][name], shapes, values) for name in shape.get("required", [])
    }
    plain = {
        "object": inner,
        "integer": shape.get("minimum", 1),
        "number": shape.get("minimum", 1),
        "boolean": True,
        "string": "2026-01-01" if shape.get("format") == "date" else "a" * max(2, shape.get("minLength", 2)),
    }
    if kind == "array":
        return [_value(name, shape["items"], shapes, values)]
    return shape.get("const", shape.get("enum", [plain.get(kind)])[0])
