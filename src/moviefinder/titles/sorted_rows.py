"""Sets of title rows as sorted arrays.

`np.unique` and its kin would do, but their first call imports `numpy.ma`: 55 ms of somebody's first key stroke.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

NO_ROWS: Rows = np.empty(0, np.int32)


def firsts(ordered: NDArray[Any]) -> Flags:
    """Tell which of the values in order differ from the one before."""
    different = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=different[1:])
    return different


def union(sets: Sequence[Rows]) -> Rows:
    """Give the rows that are in any of these, in order, each once; a set need not be sorted."""
    ordered = np.sort(np.concatenate(sets))
    return ordered[firsts(ordered)]


def intersection(sets: Sequence[Rows]) -> Rows:
    """Give the rows that are in each of these sets, the smallest first to be cheap."""
    rows, *others = sorted(sets, key=len)
    for other in others:
        rows = rows[find(rows, other)[1]]
    return rows


def find(rows: Rows, among: Rows) -> tuple[Ints, Flags]:
    """Give the position of each row among others, which are sorted, and whether it is there at all."""
    if not len(among):
        return np.zeros(len(rows), np.int64), np.zeros(len(rows), np.bool_)
    at = np.minimum(np.searchsorted(among, rows), len(among) - 1)
    return at, among[at] == rows
