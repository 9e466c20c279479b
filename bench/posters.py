"""What a poster costs in bytes, processor time and memory, beside Pillow in the process itself."""

import io
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFont
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_sample_images

from bench.report import Table, mean, percentile, ratio
from moviefinder import confined
from moviefinder.services.images import FORMATS, WIDTHS, encode_poster

SIZE = (500, 750)  # as TMDB and IMDb are asked for them
EACH = 8


def made_posters() -> list[Image.Image]:
    """Draw posters of two photographs with lettering: busy ones, portraits, and dark ones that fade into black."""
    photographs = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    posters = []
    for number in range(EACH):
        one, other = photographs[number % 2], photographs[(number + number // 2) % 2]
        left, top = number * 17 % 140, number * 7 % 52
        busy = Image.new("RGB", SIZE)
        busy.paste(one.crop((left, top, left + 500, top + 375)), (0, 0))
        busy.paste(other.crop((140 - left, top, 640 - left, top + 375)), (0, 375))
        portrait = one.crop((left * 2, 0, left * 2 + 285, 427)).resize(SIZE, Image.Resampling.LANCZOS)
        fade = Image.linear_gradient("L").resize(SIZE)
        dark = Image.composite(Image.new("RGB", SIZE), ImageEnhance.Brightness(portrait).enhance(0.7), fade)
        posters += [_titled(picture, f"The Long Night {number}") for picture in (busy, portrait, dark)]
    return posters


def _titled(picture: Image.Image, title: str) -> Image.Image:
    draw = ImageDraw.Draw(picture)
    draw.text((30, 560), title, font=ImageFont.load_default(46), fill=(240, 230, 200))
    draw.text(
        (30, 690), "with somebody, somebody else and others", font=ImageFont.load_default(20), fill="white"
    )
    return picture


def peer(data: bytes) -> dict[str, bytes]:
    """Make thumbnails with Pillow as its tutorial does: `thumbnail`, then `save` as JPEG."""
    files = {}
    for width in WIDTHS:
        with Image.open(io.BytesIO(data)) as picture:
            picture.thumbnail((width, 4 * width))
            files[f"{width}.jpeg"] = _saved(picture, "JPEG", quality=80)
    return files


def _saved(picture: Image.Image, kind: str, **how: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def likeness(shown: bytes, meant: Image.Image) -> float:
    """Give the mean structural similarity of two pictures in grey, 1 where they are the same.

    Source: Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment", IEEE Transactions on Image Processing 2004.
    """

    def grey(picture: Image.Image) -> NDArray[np.float64]:
        return np.asarray(picture.convert("L"), dtype=np.float64)

    def near(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return gaussian_filter(values, 1.5)

    a, b = grey(Image.open(io.BytesIO(shown))), grey(meant)
    mean_a, mean_b = near(a), near(b)
    spread_a, spread_b = near(a * a) - mean_a**2, near(b * b) - mean_b**2
    both = near(a * b) - mean_a * mean_b
    one, two = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * mean_a * mean_b + one) * (2 * both + two)
    return float((likeness / ((mean_a**2 + mean_b**2 + one) * (spread_a + spread_b + two))).mean())


def _processor_s() -> float:
    """Processor time of this process and of the children that have ended."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _timed(make: Callable[[bytes], object], sources: list[bytes]) -> tuple[list[float], list[float]]:
    """Processor and wall-clock milliseconds of each."""
    processor, wall = [], []
    for data in sources:
        began, used = time.perf_counter(), _processor_s()
        make(data)
        processor.append((_processor_s() - used) * 1000)
        wall.append((time.perf_counter() - began) * 1000)
    return processor, wall


def in_child(data: bytes) -> dict[str, bytes]:
    """Make our files as the worker does."""
    files: dict[str, bytes] = confined.run(encode_poster, data, memory_mb=512, seconds=10)
    return files


def growth_mb(make: Callable[[bytes], object], data: bytes) -> float:
    """Give by how much a fresh copy of this process grows at its peak while it makes something of a picture."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before = _memory_kb("VmRSS")
        with suppress(Exception):  # refused; what it took until then is what is asked
            make(data)
        os.write(writing, f"{_memory_kb('VmHWM') - before}".encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as told:
        return int(told.read()) / 1024


def _memory_kb(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def measure() -> str:
    """Encode made posters both ways; then show both a picture that is a bomb."""
    posters = made_posters()
    sources = [_saved(picture, "JPEG", quality=90) for picture in posters]
    ours, theirs = [encode_poster(data) for data in sources], [peer(data) for data in sources]
    child, child_wall = _timed(in_child, sources)
    inside, inside_wall = _timed(encode_poster, sources)
    plain, plain_wall = _timed(peer, sources)
    start, start_wall = _timed(lambda data: confined.run(len, data), sources)
    source_kb = mean([len(data) for data in sources]) / 1000
    kept_kb = mean([sum(map(len, files.values())) for files in ours]) / 1000
    sizes = Table(heads=("width", *FORMATS, "jpeg", "avif to jpeg"), rows=list(_sizes(posters, ours, theirs)))
    times = _times(
        [
            ("MovieFinder, in its child: six files", child, child_wall),
            ("the same in the process: six files", inside, inside_wall),
            ("Pillow in the process: three JPEG", plain, plain_wall),
            ("a child that does nothing", start, start_wall),
        ]
    )
    bomb = _saved(Image.new("RGB", (13_000, 13_000)), "PNG")
    return f"""
{len(posters)} posters of 500 x 750, put together from the two photographs of scikit-learn, with lettering, of
{source_kb:.0f} kB as JPEG of quality 90. Mean size, and in brackets the mean structural similarity to the same picture
scaled without loss; beside them what Pillow gives as its tutorial uses it (`thumbnail`, JPEG of quality 80):

{sizes}

Together a poster takes {kept_kb:.0f} kB of the cache, so that 500 MB hold about {500_000 / kept_kb:,.0f}.

Milliseconds a poster; what the child costs buys what the table below it shows.

{times}

By how many megabytes the process that asks grows at its peak:

{_growth(bomb, sources[0])}
"""


def _sizes(
    posters: list[Image.Image], ours: list[dict[str, bytes]], theirs: list[dict[str, bytes]]
) -> Iterator[list[str]]:
    for width in WIDTHS:
        cells, sizes = [], {}
        meant = [poster.resize((width, width * 3 // 2), Image.Resampling.LANCZOS) for poster in posters]
        for name, files in (*((name, ours) for name in FORMATS), ("jpeg", theirs)):
            made = [row[f"{width}.{name}"] for row in files]
            sizes[name] = mean([len(file) for file in made])
            alike = mean([likeness(file, picture) for file, picture in zip(made, meant, strict=True)])
            cells.append(f"{sizes[name] / 1000:.1f} kB ({alike:.3f})")
        yield [f"{width}", *cells, ratio(sizes["avif"], sizes["jpeg"])]


def _times(rows: list[tuple[str, list[float], list[float]]]) -> Table:
    first = percentile(rows[0][1], 0.5)
    return Table(
        heads=("", "processor, p50", "p99", "to ours", "wall clock, p50", "p99"),
        rows=[
            [
                name,
                *(f"{percentile(processor, share):.0f}" for share in (0.5, 0.99)),
                ratio(percentile(processor, 0.5), first),
                *(f"{percentile(wall, share):.0f}" for share in (0.5, 0.99)),
            ]
            for name, processor, wall in rows
        ],
    )


def _growth(bomb: bytes, poster: bytes) -> Table:
    def load(data: bytes) -> None:
        Image.MAX_IMAGE_PIXELS = None  # as it is with a warning that nobody reads
        peer(data)

    pictures = (("a poster", poster), (f"a PNG of {len(bomb) / 1000:.0f} kB with 169 megapixels", bomb))
    return Table(
        heads=("", "MovieFinder", "Pillow in the process"),
        rows=[
            [name, f"{growth_mb(in_child, data):.0f}", f"{growth_mb(load, data):.0f}"]
            for name, data in pictures
        ],
    )
