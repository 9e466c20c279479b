"""What IMDb's two services have in common: kinds of titles, and posters, which are named the same way by both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field

from moviefinder.errors import FilmNotFound, NotFound, SourceNonsense
from moviefinder.records import Kind

if TYPE_CHECKING:
    from moviefinder.sources.http import Outlet

__all__ = ["IMAGES", "IMAGES_HOST", "KINDS", "PosterName", "poster"]

IMAGES_HOST: Final = "m.media-amazon.com"
IMAGES: Final = f"https://{IMAGES_HOST}/images/M"

KINDS: Final = {
    "movie": Kind.MOVIE,
    "tvMovie": Kind.MOVIE,
    "short": Kind.MOVIE,
    "tvShort": Kind.MOVIE,
    "tvSpecial": Kind.MOVIE,
    "video": Kind.MOVIE,
    "tvSeries": Kind.SERIES,
    "tvMiniSeries": Kind.SERIES,
}
"""Games, episodes, music videos and podcasts are no films; a kind that is not known yet is none either."""

_NAME: Final = r"[A-Za-z0-9@_-]{8,240}"
_URL: Final = re.compile(
    rf"https://{re.escape(IMAGES_HOST)}/images/M/(?P<name>{_NAME})\._V1_[A-Za-z0-9_,]*\.jpg"
)


def _name_of(url: str) -> str:
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError("no poster")
    return found["name"]


PosterName = Annotated[str, Field(strict=True, max_length=400), AfterValidator(_name_of)]
"""The name of an image out of its address, which gives it at full size."""


def poster(outlet: Outlet, images: str, name: str) -> bytes:
    """A poster, 500 pixels wide.

    Raises:
        FilmNotFound: there is no such image.
        SourceNonsense: the name is not one of IMDb's.
    """
    if not re.fullmatch(_NAME, name):
        raise SourceNonsense("This is no name of an image at IMDb.")
    try:
        return outlet.get_bytes(
            f"{images}/{name}._V1_SX500.jpg", types=("image/jpeg", "image/png", "image/webp")
        )
    except NotFound as error:
        raise FilmNotFound(name) from error
