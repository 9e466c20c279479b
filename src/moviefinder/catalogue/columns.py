"""The catalogue file on disk: a zip archive of columns, the same bytes for the same columns.

A member `films.year.u2` holds one column: little-endian whole numbers, the low bytes of all first and then the next
ones, which deflate packs well and numpy undoes in one step. A member ending in `.txt` holds one text a line, an empty
line for none. `manifest.json` stands first, so that it can be read alone.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MANIFEST: Final = "manifest.json"
WIDTHS: Final = {"u1": 1, "u2": 2, "u4": 4}
_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the earliest that zip knows; a real date would differ with every build
_MODE: Final = 0o644 << 16
_DEFLATED: Final = 9


def pack_numbers(values: Iterable[int] | NDArray[Any], width: str) -> bytes:
    """Whole numbers as bytes, plane by plane, lowest first.

    Raises:
        ValueError: a number does not fit into the width.
    """
    array = np.asarray(values if isinstance(values, np.ndarray) else list(values), dtype=np.int64)
    n_bytes = WIDTHS[width]
    if array.size and (array.min() < 0 or array.max() >= 1 << 8 * n_bytes):
        raise ValueError(f"a number does not fit into {n_bytes} bytes")
    planes = array.astype(f"<u{n_bytes}").view(np.uint8).reshape(-1, n_bytes)
    return np.ascontiguousarray(planes.T).tobytes()


def unpack_numbers(data: bytes, width: str) -> NDArray[np.int64]:
    """The numbers that `pack_numbers` packed."""
    n_bytes = WIDTHS[width]
    planes = np.frombuffer(data, np.uint8).reshape(n_bytes, -1)
    return np.ascontiguousarray(planes.T).view(f"<u{n_bytes}").ravel().astype(np.int64)


def pack_texts(texts: Iterable[str | None]) -> bytes:
    """Texts as UTF-8 lines; none and the empty text are one."""
    return "\n".join(text or "" for text in texts).encode()


def unpack_texts(data: bytes) -> list[str]:
    """The lines that `pack_texts` packed; at least one."""
    return data.decode().split("\n")


def checksum(members: Mapping[str, bytes]) -> str:
    """SHA-256 over the members sorted by name: the same wherever the content is, however it was compressed."""
    digest = hashlib.sha256()
    for name in sorted(members):
        if name != MANIFEST:
            digest.update(f"{name}\0{len(members[name])}\0".encode())
            digest.update(members[name])
    return digest.hexdigest()


def write(path: Path, manifest: Mapping[str, object], members: Mapping[str, bytes]) -> None:
    """Write the file whole or not at all."""
    text = json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True).encode() + b"\n"
    partial = path.with_name(path.name + ".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=_DEFLATED) as archive:
        for name, data in [(MANIFEST, text), *sorted(members.items())]:
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system, info.external_attr, info.compress_type = 3, _MODE, zipfile.ZIP_DEFLATED
            archive.writestr(info, data, zipfile.ZIP_DEFLATED, _DEFLATED)
    partial.replace(path)


def read_members(path: Path, names: Sequence[str] | None = None) -> dict[str, bytes]:
    """Members by name, all of them or those named.

    Raises:
        OSError, zipfile.BadZipFile, zlib.error, KeyError: the file is missing, damaged or lacks a member.
    """
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in (names or archive.namelist())}
