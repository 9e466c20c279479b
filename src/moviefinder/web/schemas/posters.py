"""Posters: which are wanted, which are there, and what their files are called."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from moviefinder.services import posters as poster_service
from moviefinder.web.schemas.base import Answer, Number, Request


class WantedPosters(Request):
    films: Annotated[list[Number], Field(max_length=100, description="Films that somebody looks at.")]


class Posters(Answer):
    ready: Annotated[dict[int, str], Field(description="Film to the hash of its poster.")]
    pending: Annotated[int, Field(ge=0, description="How many of the others are being fetched.")]

    @classmethod
    def of(cls, wanted: poster_service.Wanted) -> Posters:
        return cls(ready=dict(wanted.ready), pending=wanted.pending)


class PosterPath(Request):
    file: Annotated[
        str, Field(description="Hash, width (160, 320, 480) and format: `<hash>-320.webp`, `.avif`.")
    ]
