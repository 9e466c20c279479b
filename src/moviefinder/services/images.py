"""Somebody else's picture, made into ours: checked, and written anew in our widths and formats.

Runs in a child with limits of memory and time (`moviefinder.confined`), for what decodes a stranger's bytes may die of
them. Pillow is imported there alone.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from moviefinder.errors import Invalid

if TYPE_CHECKING:
    from PIL import Image

WIDTHS: Final = (160, 320, 480)
"""In CSS pixels a card shows 96 to 240 of them; twice that is for dense screens."""

FORMATS: Final[Mapping[str, Mapping[str, Any]]] = {
    "webp": {"format": "WEBP", "quality": 75, "method": 4},
    "avif": {"format": "AVIF", "quality": 55, "speed": 9, "max_threads": 1},
}
"""File extension to how it is written; why so: docs/decisions/0009-posters.md."""

FILE_NAMES: Final = frozenset(f"{width}.{extension}" for width in WIDTHS for extension in FORMATS)
"""What the files of a picture are called: `160.webp`."""

PIXELS: Final = 25_000_000
"""A picture of more is not decoded; a poster of 4,000 x 6,000 is."""

_SHAPE: Final = 4
"""A picture so many times as long as wide, or as wide as long, is no poster; WebP ends at 16,383 pixels."""


def encode_poster(data: bytes) -> dict[str, bytes]:
    """The first frame of a picture upright, in sRGB and on white, in every width and format, by `FILE_NAMES`.

    No file is wider than the picture was, and none holds anything but the picture.

    Raises:
        Invalid: the bytes are no whole JPEG, PNG or WebP, or one that we do not take.
    """
    with warnings.catch_warnings(action="ignore"):  # what a decoder finds odd, it refuses or passes over
        picture = _upright(_decode(data))
        return {
            f"{width}.{extension}": _written(_no_wider(picture, width), how)
            for width in WIDTHS
            for extension, how in FORMATS.items()
        }


def files_or_reason(data: bytes) -> dict[str, bytes] | str:
    """As `encode_poster`, for a child: the reason instead of files where the picture is refused."""
    try:
        return encode_poster(data)
    except Invalid as error:
        return error.message


def _written(picture: Image.Image, how: Mapping[str, Any]) -> bytes:
    file = io.BytesIO()
    picture.save(file, **how)
    return file.getvalue()


def _decode(data: bytes) -> Image.Image:
    # Named, for else Pillow loads all of its forty formats to find that it can write these.
    from PIL import AvifImagePlugin, Image, UnidentifiedImageError, WebPImagePlugin  # noqa: F401

    Image.MAX_IMAGE_PIXELS = None  # its warning comes at 89 megapixels; ours is an error
    formats = ("JPEG", "PNG", "WEBP")
    try:
        picture = Image.open(io.BytesIO(data), formats=formats)
        _check_size(*picture.size)
        picture.verify()  # the checksums of a PNG, which its decoder passes over; spends the file
        picture = Image.open(io.BytesIO(data), formats=formats)
        picture.draft(None, (2 * WIDTHS[-1], 2 * WIDTHS[-1]))  # a JPEG can be decoded smaller, and quicker
        picture.load()
    except Invalid:
        raise
    except UnidentifiedImageError as error:
        raise Invalid("This is no JPEG, PNG or WebP.") from error
    except Exception as error:  # decoders fail with whatever the bytes led them to
        raise Invalid(f"The picture is damaged: {error}.") from error
    return picture


def _check_size(width: int, height: int) -> None:
    if width * height > PIXELS:
        raise Invalid(f"{width} x {height} are more than {PIXELS / 1e6:.0f} megapixels.")
    if max(width, height) > _SHAPE * min(width, height):
        raise Invalid(f"{width} x {height} is no shape of a poster.")


def _upright(picture: Image.Image) -> Image.Image:
    """The picture as it is meant to be seen, in sRGB, without transparency and without metadata."""
    from PIL import Image, ImageOps

    profile = picture.info.get("icc_profile")
    picture = _plain(picture)
    if (
        factor := min(picture.size) // (2 * WIDTHS[-1])
    ) > 1:  # what follows need not be done to 25 megapixels
        picture = picture.reduce(factor)
    picture = ImageOps.exif_transpose(picture)
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    picture = _in_srgb(picture, profile)
    picture.info.clear()
    return picture


def _plain(picture: Image.Image) -> Image.Image:
    """The picture with eight bits a channel, as L, RGB, RGBA or CMYK."""
    if picture.mode.startswith("I"):
        return picture.point(_EIGHT_BITS).convert("L")
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    return picture if picture.mode in ("L", "RGB", "CMYK") else picture.convert("RGB")


_EIGHT_BITS: Final[Callable[[Any], Any]] = lambda value: value / 256  # noqa: E731  # Pillow reads the expression


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as the profile means them; one that is broken or for other channels is passed over, as browsers do."""
    from PIL import ImageCms

    if profile:
        try:
            meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if meant.profile.xcolor_space.strip() == ("GRAY" if picture.mode == "L" else picture.mode):
                changed = ImageCms.profileToProfile(
                    picture, meant, ImageCms.createProfile("sRGB"), outputMode="RGB"
                )
                return changed or picture
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return picture.convert("RGB")


def _no_wider(picture: Image.Image, width: int) -> Image.Image:
    from PIL import Image

    if picture.width <= width:
        return picture
    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((width, height), Image.Resampling.LANCZOS)
