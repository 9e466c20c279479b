"""The words on the page, from its own catalogue: a test names the meaning, not the wording."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).resolve().parents[2] / "ui" / "src" / "strings" / "en.json"


@cache
def _catalogue() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(CATALOGUE.read_text())
    return loaded


def t(key: str, **values: object) -> str:
    """The English text of a key, with its gaps filled."""
    text = str(_catalogue()[key])
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def like(key: str, **values: object) -> re.Pattern[str]:
    """The text of a key as a pattern in which every gap that is left matches anything."""
    pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(t(key, **values)))
    return re.compile(pattern)
