"""Named arrays in a file, one after another, that can be mapped instead of read: title index, film facts, lists.

Layout: magic and version (8 bytes), CRC-32 of all that follows the first 16 bytes, length of the header (4 bytes
each, little endian), header (JSON: name, type, length and offset of each array), arrays at multiples of 64 bytes.
No pickle: a damaged or forged file can be refused but never run.
"""

import json
import mmap
import os
import struct
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moviefinder.errors import Invalid

_MAGIC = b"MFTITLE1"  # the last character is the version of the layout and of what the arrays mean
_PREFACE = struct.Struct("<8sII")


def save(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write one-dimensional arrays to a file, which appears whole or not at all."""
    header, blocks, offset = dict[str, dict[str, object]](), list[bytes](), 0
    for name, values in arrays.items():
        header[name] = {"type": values.dtype.name, "length": len(values), "offset": offset}
        block = values.tobytes()
        blocks.append(block + b"\0" * (-len(block) % 64))
        offset += len(blocks[-1])
    head = json.dumps(header).encode()
    head += b" " * (-(len(head) + _PREFACE.size) % 64)
    body = b"".join([head, *blocks])
    replace(path, [_PREFACE.pack(_MAGIC, zlib.crc32(body), len(head)), body])


def replace(path: Path, blocks: Iterable[bytes]) -> None:
    """Write a file, or another in its place: whole or not at all, also when the machine loses power."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(blocks)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load(path: Path) -> dict[str, NDArray[Any]]:
    """Map the arrays of a file, read-only.

    Raises:
        Invalid: the file is damaged or of another version.
        OSError: it cannot be read.
    """
    remedy = f"{path} is damaged or of another version. Delete it: it is made again at the next start."
    with path.open("rb") as file:
        preface = file.read(_PREFACE.size)
        found = 0
        while block := file.read(
            1 << 20
        ):  # not through the map: pages that nobody asks for stay out of memory
            found = zlib.crc32(block, found)
        if len(preface) < _PREFACE.size:
            raise Invalid(remedy)
        magic, checksum, length = _PREFACE.unpack(preface)
        if magic != _MAGIC or found != checksum:
            raise Invalid(remedy)
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    view = memoryview(content)
    start = _PREFACE.size + length
    try:
        header = json.loads(view[_PREFACE.size : start].tobytes())
        return {
            name: np.frombuffer(content, np.dtype(entry["type"]), entry["length"], start + entry["offset"])
            for name, entry in header.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(remedy) from error
