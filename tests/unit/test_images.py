"""Pictures of strangers become ours: upright, in sRGB, no wider than asked, and nothing but the picture."""

import functools
import io
import random
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, ImageDraw, PngImagePlugin

from moviefinder import confined
from moviefinder.errors import Invalid
from moviefinder.services.images import FILE_NAMES, WIDTHS, encode_poster

HOSTILE = Path(__file__).resolve().parents[3] / "shared" / "fixtures-hostile"
SECRET = "somebody's secret"
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters(size=(600, 900), mode="RGB"):
    """A picture whose corners tell which way up it is: red, green, blue, white."""
    picture = Image.new("RGB", size, RED)
    draw, (width, height) = ImageDraw.Draw(picture), size
    draw.rectangle((width // 2, 0, width, height // 2), GREEN)
    draw.rectangle((0, height // 2, width // 2, height), BLUE)
    draw.rectangle((width // 2, height // 2, width, height), WHITE)
    return picture.convert(mode)


def saved(picture, kind="JPEG", **how):
    """The bytes of a file."""
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def opened(content):
    """A picture of ours."""
    return Image.open(io.BytesIO(content))


def corners(picture):
    """The name of the colour in each corner."""
    width, height = picture.size
    places = [(4, 4), (width - 5, 4), (4, height - 5), (width - 5, height - 5)]
    return [colour(picture, place) for place in places]


def colour(picture, place):
    """The nearest of the four colours, which must be near."""
    found = picture.convert("RGB").getpixel(place)

    def distance(other):
        return sum(abs(a - b) for a, b in zip(found, other, strict=True))

    nearest = min((RED, GREEN, BLUE, WHITE), key=distance)
    assert distance(nearest) < 90, found
    return nearest


UPRIGHT = [RED, GREEN, BLUE, WHITE]


def check(files, *, width, ratio=None):
    """Every file is a picture of its format and width with nothing beside it."""
    assert files.keys() == FILE_NAMES
    for name, content in files.items():
        wanted, _, extension = name.partition(".")
        with opened(content) as picture:
            picture.load()
            assert picture.format == extension.upper()
            assert picture.mode == "RGB"
            assert picture.width == min(int(wanted), width)
            assert not {"exif", "xmp", "icc_profile", "comment"} & {
                key for key, value in picture.info.items() if value
            }
            assert not picture.getexif()
            assert getattr(picture, "n_frames", 1) == 1
            if ratio:
                assert abs(picture.height - picture.width / ratio) <= 1
        assert SECRET.encode() not in content


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("JPEG", mode) for mode in ("RGB", "CMYK", "L", "1")),
        *(("PNG", mode) for mode in ("RGB", "RGBA", "P", "L", "LA", "1", "I;16")),
        *(("WEBP", mode) for mode in ("RGB", "RGBA")),
    ],
)
def test_every_kind_of_picture_is_written_anew(kind, mode):
    """Whatever its colours are made of, and however many bits they have."""
    grey = quarters(mode="L")
    picture = (
        grey.point(lambda value: value * 257, "I").convert("I;16") if mode == "I;16" else quarters(mode=mode)
    )
    files = encode_poster(saved(picture, kind))
    check(files, width=600, ratio=2 / 3)
    for content in files.values():
        shown = opened(content)
        if mode in ("RGB", "RGBA", "P", "CMYK"):
            assert corners(shown) == UPRIGHT
        elif mode != "1":
            for share in (0.1, 0.9):
                x, y = int(shown.width * share), int(shown.height * 0.9)
                meant = grey.getpixel((int(600 * share), 810))
                assert abs(shown.convert("L").getpixel((x, y)) - meant) < 12


@settings(max_examples=50, deadline=None)
@given(
    width=st.integers(1, 600),
    height=st.integers(1, 600),
    kind=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    orientation=st.integers(0, 9),
    seed=st.integers(0, 99),
)
def test_what_comes_out_is_a_picture_of_the_width_asked_for(width, height, kind, orientation, seed):
    """Any size and orientation, noise as well; a picture that is narrower keeps its width."""
    picture = Image.frombytes("RGB", (width, height), random.Random(seed).randbytes(width * height * 3))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Copyright] = SECRET
    data = saved(picture, kind, exif=exif)
    if max(width, height) > 4 * min(width, height):
        with pytest.raises(Invalid, match="no shape of a poster"):
            encode_poster(data)
        return
    lies = orientation in (5, 6, 7, 8)
    check(encode_poster(data), width=height if lies else width)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright(kind, orientation):
    """As the camera says that it lay, and the camera's words go."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    picture = quarters()
    lying = picture.transpose(undo[orientation]) if orientation > 1 else picture
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    for content in encode_poster(saved(lying, kind, exif=exif)).values():
        with opened(content) as upright:
            assert corners(upright) == UPRIGHT
            assert upright.height > upright.width


def test_nothing_but_the_picture_comes_through():
    """No text, camera, place, thumbnail or programme of the file it came in."""
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = SECRET
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = SECRET
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", SECRET)
    texts.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta><script>{SECRET}</script></x:xmpmeta>")
    check(encode_poster(saved(quarters(), "PNG", exif=exif, pnginfo=texts)), width=600)
    check(encode_poster(saved(quarters(), "JPEG", exif=exif, comment=SECRET)), width=600)
    check(encode_poster(saved(quarters(), "WEBP", exif=exif, xmp=f"<x>{SECRET}</x>")), width=600)
    behind = saved(quarters(), "JPEG") + f"<script>{SECRET}</script>".encode()
    check(encode_poster(behind), width=600)


@functools.cache  # it holds the time at which it was made
def swapped_profile():
    """A colour profile whose red means green and whose green means red."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_colours_are_those_that_the_profile_means(kind):
    """Green is what the file calls red; without its profile it would be shown red."""
    files = encode_poster(saved(quarters(), kind, icc_profile=swapped_profile()))
    check(files, width=600)
    assert corners(opened(files["320.webp"])) == [GREEN, RED, BLUE, WHITE]


@pytest.mark.parametrize(
    "profile",
    [b"\0" * 200, b"no profile", swapped_profile()[:300], swapped_profile().replace(b"RGB ", b"CMYK")],
)
def test_a_broken_profile_is_passed_over(profile):
    """The picture is shown as if it had none, as browsers do."""
    files = encode_poster(saved(quarters(), "JPEG", icc_profile=profile))
    check(files, width=600)
    assert corners(opened(files["320.webp"])) == UPRIGHT


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_moving_pictures_the_first_is_taken(kind):
    """The others never come to be seen."""
    others = [Image.new("RGB", (600, 900), BLUE)] * 3
    data = saved(quarters(), kind, save_all=True, append_images=others, duration=50, loop=0)
    files = encode_poster(data)
    check(files, width=600)
    assert corners(opened(files["480.avif"])) == UPRIGHT


def test_what_is_transparent_lies_on_white():
    """For nothing else is known of the ground that it was made for."""
    picture = Image.new("RGBA", (300, 450), (0, 0, 0, 0))
    assert colour(opened(encode_poster(saved(picture, "PNG"))["160.webp"]), (80, 100)) == WHITE


def chunk(kind, data):
    """A piece of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_says(width, height):
    """A small PNG whose head promises any size."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pieces = [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(b"\0" * 1_000)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(pieces)


@pytest.mark.parametrize("size", [(5_001, 5_000), (13_000, 13_000), (65_535, 65_535), (2**31 - 1, 2**31 - 1)])
def test_too_many_pixels_are_refused_before_any_is_decoded(size):
    """Their decoder would take hundreds of megabytes for a file of a few hundred bytes."""
    with pytest.raises(Invalid, match=r"megapixels|damaged"):
        encode_poster(png_that_says(*size))


def test_a_large_picture_fits_into_the_child():
    """25 megapixels in the greediest ways that we take, within its 512 MB and 10 s."""
    large = Image.new("RGBA", (4_080, 6_120), RED)
    for data in (
        saved(large, "PNG", compress_level=1),
        saved(large.convert("RGB"), "JPEG", progressive=True, subsampling=0),
        saved(large.convert("CMYK"), "JPEG"),
    ):
        check(confined.run(encode_poster, data, memory_mb=512, seconds=10), width=4_080, ratio=2 / 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_what_was_cut_short_is_refused(kind, share):
    """A half picture is worse than one that we draw."""
    picture = Image.effect_noise((300, 450), 60).convert("RGB")
    data = saved(picture, kind)
    with pytest.raises(Invalid):
        encode_poster(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!doctype html><title>No poster</title>",
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        b'<?xml version="1.0"?><!DOCTYPE svg SYSTEM "file:///etc/passwd"><svg/>',
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xd9",
        b"RIFF\x00\x00\x00\x00WEBP",
        b"%PDF-1.7\n",
    ],
)
def test_what_is_no_picture_is_refused(data):
    """By what it is, whatever it is called."""
    with pytest.raises(Invalid):
        encode_poster(data)


@pytest.mark.parametrize(
    "kind", ["GIF", "BMP", "TIFF", "ICO", "TGA", "PPM", "AVIF", "JPEG2000", "DDS", "PDF"]
)
def test_other_formats_are_refused(kind):
    """Pillow reads dozens; each that is allowed is one more that can be attacked."""
    with pytest.raises(Invalid, match="no JPEG, PNG or WebP"):
        encode_poster(saved(quarters(), kind))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_is_refused_or_shown_and_never_more(data):
    """Any byte of a file changed: a picture of ours, or `Invalid`."""
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP"]))
    content = bytearray(saved(quarters((64, 96)), kind, icc_profile=swapped_profile()))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        files = encode_poster(bytes(content))
    except Invalid:
        return
    for name, file in files.items():
        with opened(file) as picture:
            picture.load()
            assert picture.width <= WIDTHS[-1]
            assert picture.format == name.partition(".")[2].upper()


def encode_all(pictures):
    """In a child: what comes of each; None where it was refused."""
    files = []
    for data in pictures:
        try:
            files.append(encode_poster(data))
        except Invalid:
            files.append(None)
    return files


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="../shared/fixtures-hostile is not here")
def test_hostile_pictures_are_refused_or_written_anew():
    """Those that once crashed, hung or flooded a decoder, one after another in one child; corrupt ones are refused."""
    paths = sorted(HOSTILE.glob("images-*/*"))
    pictures = [path.read_bytes() for path in paths]
    outcomes = dict(zip(paths, confined.run(encode_all, pictures, memory_mb=512, seconds=60), strict=True))
    taken = [path.name for path, files in outcomes.items() if files]
    for files in outcomes.values():
        for name, content in (files or {}).items():
            with opened(content) as picture:
                picture.load()
                assert picture.format == name.partition(".")[2].upper()
                assert picture.width <= int(name.partition(".")[0])
            assert b"<script" not in content
            assert b"alert(" not in content
    assert len(taken) > 50, taken
    assert not [name for name in taken if Path(name).suffix not in (".png", ".jpg")]
    assert not [name for name in taken if name.startswith("x") and len(name) == len("xcrn0g04.png")]
