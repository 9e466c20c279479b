"""What machines are told."""

from __future__ import annotations

from typing import Literal

from moviefinder.web.schemas.base import Answer


class Health(Answer):
    status: Literal["ok", "not ready"]
    catalogue: str | None = None
