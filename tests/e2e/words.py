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
    text = _catalogue()[key]
    return _filled(text if isinstance(text, str) else text["other"], values)


def like(key: str, **values: object) -> re.Pattern[str]:
    """The text of a key, in any of its plural forms, as a pattern whose gaps match anything."""
    text = _catalogue()[key]
    forms = [text] if isinstance(text, str) else text.values()
    return re.compile(
        "|".join(re.sub(r"\\{\w+\\}", ".+", re.escape(_filled(form, values))) for form in forms)
    )


def _filled(text: str, values: dict[str, object]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text
