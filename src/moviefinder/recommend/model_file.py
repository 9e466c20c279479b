"""A learned model as one file: an `.npz` without pickle that can be refused but never run.

The file is a zip of one `.npy` an array, written so that the same model gives the same bytes. Its comment holds the
SHA-256 of all bytes before it, so that not a single bit may differ; a forged file can bear a right one, so every length
is checked before anything is unpacked, and every array before it is used. `numpy.load` opens it as well.

Targets rise within a row, so they are kept as differences, low and high bytes apart: 200 links of a film take under
700 bytes, weights included.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moviefinder import array_file
from moviefinder.errors import Invalid

FORMAT: Final = 1
"""What the arrays mean; a file of another format is refused."""

LARGEST: Final = 32 * 2**20
"""A file may have so many bytes; 20,800 films with 200 links each take about 11 million."""

_UNPACKED: Final = 64 * 2**20
_MOST_FILMS: Final = 1 << 16
_MOST_LINKS: Final = 1_000
_WIDEST: Final = 64
_META_BYTES: Final = 1 << 16

_MAGIC: Final = b"moviefinder model, sha-256 "
_END: Final = len(_MAGIC) + 64
_CHECKSUM: Final = re.compile(re.escape(_MAGIC) + rb"[0-9a-f]{64}")
_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")  # the header before each member of a zip
_NUMBERS: Final = {
    "strength": 1e3,
    "power": 5,
    "cap": 1e6,
    "dislike": 1e3,
}  # and the most each may be: sums stay finite
_VERSION: Final = re.compile(r"[!-~]{1,60}")  # it is stored with every film that was shown
_NPY: Final = re.compile(  # version 1.0 as numpy writes it; nothing is left for a parser to fall for
    rb"\x93NUMPY\x01\x00.."
    rb"\{'descr': '(?P<type>[^']{2,4})', 'fortran_order': False, "
    rb"'shape': \((?P<shape>\d{1,9}, ?\d{0,9})\), \} {0,64}\n",
    re.DOTALL,
)
_REF: Final = re.compile(r"(imdb|tmdb|tmdb-tv|mf):[!-~]{1,80}")

_DTYPES: Final = {
    "meta": np.uint8,
    "refs": np.uint8,
    "movielens_ids": np.int32,
    "movielens_rows": np.int32,
    "counts": np.uint16,
    "steps_low": np.uint8,
    "steps_high": np.uint8,
    "few": np.int8,
    "many": np.int8,
    "few_scale": np.float32,
    "many_scale": np.float32,
    "broad_source": np.float16,
    "broad_target": np.float16,
    "quality": np.float32,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What the item-item model has learned of m films; a film's place in all arrays is its row.

    A person with likes i of weights w_i, n = sum of w_i, gets for film j the score

        score_j = sum_i w_i * (A_ij + c(n) * B_ij),    c(n) = min(cap, strength * (n / 20) ** power)
        A_ij = few_scale_i * few_ij + sum_r broad_source_ir * broad_target_rj
        B_ij = many_scale_i * many_ij

    Args:
        refs: each film's first reference, "imdb:tt0133093", without repeats.
        movielens_ids: int32[p], rising; a film may have several.
        movielens_rows: int32[p], the row of each.
        offsets: int64[m + 1], where the links of each row begin in the three next.
        targets: uint16[k], the rows that a film speaks for, rising within a row.
        few: int8[k], weights for somebody who has told little.
        many: int8[k], what is added for somebody who has told much.
        few_scale: float32[m], what one point of `few` is worth.
        many_scale: float32[m], what one point of `many` is worth.
        broad_source: float32[m, r], a part of low rank that reaches every film; half precision in the file.
        broad_target: float32[m, r].
        quality: float32[m], the share of those who watched the film that liked it, 0..1.
        meta: plain JSON: "version", "strength", "power", "cap" (None: none), "dislike", and what made the model.
    """

    refs: tuple[str, ...]
    movielens_ids: NDArray[np.int32]
    movielens_rows: NDArray[np.int32]
    offsets: NDArray[np.int64]
    targets: NDArray[np.uint16]
    few: NDArray[np.int8]
    many: NDArray[np.int8]
    few_scale: NDArray[np.float32]
    many_scale: NDArray[np.float32]
    broad_source: NDArray[np.float32]
    broad_target: NDArray[np.float32]
    quality: NDArray[np.float32]
    meta: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.refs)


def save(model: Model, path: Path) -> None:
    """Write a model, whole or not at all; the same model gives the same bytes.

    Raises:
        Invalid: the model breaks what its docstring says, or is too large; nothing was written.
    """
    arrays = _packed(model)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, dtype in _DTYPES.items():
            member = zipfile.ZipInfo(f"{name}.npy")  # its time is the first day of 1980
            member.create_system = 3  # on every system
            member.compress_type = zipfile.ZIP_DEFLATED
            npy = io.BytesIO()
            array = np.ascontiguousarray(arrays[name], dtype=np.dtype(dtype).newbyteorder("<"))
            if array.dtype.kind in "iu" and not np.array_equal(array, arrays[name]):
                raise Invalid(f"The model cannot be saved: '{name}' does not fit into {array.dtype.name}.")
            np.lib.format.write_array(npy, array, version=(1, 0), allow_pickle=False)
            archive.writestr(member, npy.getvalue())
        archive.comment = _MAGIC + b"0" * 64
    data = content.getvalue()[:-64]
    data += hashlib.sha256(data).hexdigest().encode()
    try:
        _read(data)  # what is written can be read again
    except ValueError as error:
        raise Invalid(f"The model cannot be saved: {error}.") from error
    array_file.replace(path, [data])


def load(path: Path) -> Model:
    """Read a model.

    Raises:
        Invalid: the file is missing, damaged, of another format, or no model; says what to do.
    """
    with _refusing(path), path.open("rb") as file:
        return _read(file.read(LARGEST + 1))


def checksum_in(path: Path) -> str:
    """The checksum that a model file bears at its end, which tells two models apart; whether it holds, `load` sees.

    Raises:
        Invalid: the file is missing or bears none.
    """
    with _refusing(path), path.open("rb") as file:
        file.seek(-min(path.stat().st_size, _END), os.SEEK_END)
        return _borne(file.read())


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    remedy = "Name a file that `moviefinder train` wrote."
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Invalid(f"Cannot read the model {path}: {reason}. {remedy}", field="model") from error
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{path} cannot be used as a model: {error}. {remedy}", field="model") from error


def _borne(data: bytes) -> str:
    if not _CHECKSUM.fullmatch(data[-_END:]):
        raise ValueError("it was not written by MovieFinder, or its end is missing")
    return data[-64:].decode()


def _read(data: bytes) -> Model:
    if len(data) > LARGEST:
        raise ValueError(f"it has more than {LARGEST // 2**20} MB")
    if hashlib.sha256(data[:-64]).hexdigest() != _borne(data):
        raise ValueError("it is damaged, its checksum differs")
    members = _members(data)
    arrays = {name: _unpacked(data, name, *members[name]) for name in _DTYPES}
    meta = _meta(arrays["meta"].tobytes())
    counts, joined = arrays["counts"], arrays["refs"].tobytes()
    _check_shapes(arrays, len(counts))
    if joined.count(b"\n") != len(counts) - 1:
        raise ValueError("it has not one reference for each film")
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    targets = arrays["steps_high"].astype(np.uint16)
    targets <<= 8
    targets |= arrays["steps_low"]
    np.cumsum(targets, dtype=np.uint16, out=targets)  # of differences, over all rows, modulo 65,536
    kept = {
        name: arrays[name] for name in _DTYPES if name in Model.__slots__ and name not in ("meta", "refs")
    }
    kept |= {name: arrays[name].astype(np.float32) for name in ("broad_source", "broad_target")}
    model = Model(refs=tuple(_text(joined).split("\n")), offsets=offsets, targets=targets, meta=meta, **kept)
    _check_values(model)
    return model


def _packed(model: Model) -> dict[str, NDArray[Any]]:
    """The arrays of the file; what they hold is checked when they are read back."""
    steps: NDArray[Any] = np.diff(model.targets.astype(np.uint16), prepend=np.uint16(0))  # modulo 65,536
    meta = json.dumps(dict(model.meta) | {"format": FORMAT}, sort_keys=True).encode()
    return {
        "meta": np.frombuffer(meta, np.uint8),
        "refs": np.frombuffer("\n".join(model.refs).encode(), np.uint8),
        "counts": np.diff(model.offsets),
        "steps_low": steps & 255,
        "steps_high": steps >> 8,
    } | {
        name: getattr(model, name)
        for name in _DTYPES
        if name in Model.__slots__ and name not in ("meta", "refs")
    }


def _members(data: bytes) -> dict[str, tuple[int, int, int]]:
    """For each member where its packed bytes begin and end, and how many they become, read off the local headers.

    Our own files have the expected members in this order and nothing between them, so no directory need be trusted.
    """
    members, at, total = dict[str, tuple[int, int, int]](), 0, 0
    for name in _DTYPES:
        wanted = f"{name}.npy".encode()
        start = at + _LOCAL.size + len(wanted)
        if start > len(data):
            raise ValueError(f"it ends before '{name}'")
        signature, _, flags, method, _, _, _, packed, length, name_length, extra = _LOCAL.unpack_from(
            data, at
        )
        plain = signature == b"PK\3\4" and flags == 0 and method == zipfile.ZIP_DEFLATED and extra == 0
        if not plain or name_length != len(wanted) or data[at + _LOCAL.size : start] != wanted:
            raise ValueError(f"'{name}' is not where it should be")
        at = start + packed
        total += length
        if at > len(data) or total > _UNPACKED:
            raise ValueError(f"'{name}' is longer than it may be")
        members[name] = start, at, length
    return members


def _unpacked(data: bytes, name: str, start: int, end: int, length: int) -> NDArray[Any]:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(memoryview(data)[start:end], max(length, 1))  # 0 would mean no limit
    except zlib.error as error:
        raise ValueError(f"'{name}' cannot be unpacked") from error
    if len(content) != length or unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError(f"'{name}' has not the length that it claims")
    wanted = np.dtype(_DTYPES[name]).newbyteorder("<")
    head = _NPY.match(content)
    if head is None or head["type"] != wanted.str.encode():
        raise ValueError(f"'{name}' is of another type")
    shape = tuple(int(side) for side in head["shape"].split(b",") if side)
    if math.prod(shape) * wanted.itemsize != length - head.end():
        raise ValueError(f"'{name}' has another shape")
    return np.frombuffer(content, wanted, offset=head.end()).reshape(shape)


def _meta(text: bytes) -> dict[str, Any]:
    if len(text) > _META_BYTES:
        raise ValueError("'meta' is longer than it may be")
    meta = json.loads(_text(text), parse_constant=_no_number)
    if not isinstance(meta, dict):
        raise ValueError("'meta' is no object")  # noqa: TRY004  # a fault of the file like all the others
    if meta.get("format") != FORMAT:
        raise ValueError(f"it is of format {meta.get('format')!r} and this MovieFinder reads format {FORMAT}")
    if not (isinstance(meta.get("version"), str) and _VERSION.fullmatch(meta["version"])):
        raise ValueError("'meta' names no version of at most 60 plain characters")
    for name, most in _NUMBERS.items():
        value = meta.get(name)
        if name == "cap" and value is None:
            continue
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
            raise ValueError(f"'{name}' is no number from 0 to {most:g}")
    return meta


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ValueError("a text is not UTF-8") from error


def _check_shapes(arrays: Mapping[str, NDArray[Any]], films: int) -> None:
    if films > _MOST_FILMS:
        raise ValueError(f"it knows {films:,} films, and {_MOST_FILMS:,} are the most")
    links = arrays["few"].shape
    shapes = dict.fromkeys(("counts", "few_scale", "many_scale", "quality"), (films,))
    shapes |= dict.fromkeys(("few", "many", "steps_low", "steps_high"), links)
    shapes |= {"movielens_rows": arrays["movielens_ids"].shape}
    broad = arrays["broad_source"].shape
    shapes |= {"broad_source": (films, *broad[1:]), "broad_target": broad}
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise ValueError(f"'{name}' has another shape than it should")
    if len(links) != 1 or int(arrays["counts"].sum(dtype=np.int64)) != links[0]:
        raise ValueError("its links are not those of its films")
    if (arrays["counts"] > _MOST_LINKS).any():
        raise ValueError(f"a film has more than {_MOST_LINKS:,} links")
    if len(broad) != 2 or broad[1] > _WIDEST or arrays["movielens_ids"].ndim != 1:
        raise ValueError("an array has too many sides")


def _check_values(model: Model) -> None:
    films = len(model)
    if len(set(model.refs)) != films or not all(map(_REF.fullmatch, model.refs)):
        raise ValueError("its references are not what they should be")
    ids, rows = model.movielens_ids, model.movielens_rows
    if (np.diff(ids) <= 0).any() or (rows < 0).any() or (rows >= films).any():
        raise ValueError("its MovieLens numbers are not what they should be")
    rising = model.targets[1:] > model.targets[:-1]
    begins = model.offsets[1:-1]
    rising[begins[(begins > 0) & (begins <= len(rising))] - 1] = True
    if not rising.all() or (model.targets >= films).any():
        raise ValueError("a link leads nowhere or twice to the same film")
    for name in ("few_scale", "many_scale", "broad_source", "broad_target", "quality"):
        values = getattr(model, name)
        if not np.isfinite(values).all() or (np.abs(values) > 1e6).any():
            raise ValueError(f"'{name}' holds what is no number")
    if (model.quality < 0).any() or (model.quality > 1).any():
        raise ValueError("a quality is outside 0 to 1")
