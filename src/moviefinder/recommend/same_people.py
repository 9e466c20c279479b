"""The same person in two rating files under two numbers: found, so that each is counted once.

Public drawings of one collection overlap, and users are numbered anew in each. Whoever stands in two would teach a
model twice and, worse, be tested on what it was taught.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.errors import Invalid
from moviefinder.recommend.rating_files import Histories

IDENTICAL: Final = 5
"""Two users with so many ratings of the same film, time and stars are one person; chance gives one such, at most."""

SHARED: Final = 0.9
FEWEST_FILMS: Final = 20
"""They are, too, where of at least 20 films of either so large a share has the same stars, or time, at the other."""

_CROWD: Final = (
    40  # a rating that more users share than this tells nobody apart; nor does a second of so many users
)
_RAREST: Final = 5  # by so many of their rarest ratings users are compared
_FEWEST_RAREST: Final = 3  # of which so many must be the other's; 9 in 10 are, where 9 in 10 of all are

Pairs = NDArray[np.int64]


def same_people(histories: Histories) -> Pairs:
    """Pairs of people of different files who are one: int64[m, 2], the lower number first, sorted.

    Within a file each number is one person already: one that is given there is MovieLens' own account.
    """
    if len(histories.files) < 2:
        return np.empty((0, 2), np.int64)
    stars = np.rint(histories.stars * 100).astype(np.int64)
    timed = _timed(histories)
    dated = _mixed(histories.movielens_ids, histories.times)
    exact = _mixed(dated, stars)
    known = _pairs_of(histories, exact, timed)
    found = {pair for pair, count in known.items() if count >= IDENTICAL}
    judged = _mixed(histories.movielens_ids, stars)
    maybe = {pair for pair, count in _pairs_of(histories, dated, timed).items() if count >= IDENTICAL}
    maybe |= _alike(histories, judged)
    offsets = np.searchsorted(histories.people, np.arange(histories.n_people + 1))
    for a, b in sorted(maybe - found):
        one, other = slice(offsets[a], offsets[a + 1]), slice(offsets[b], offsets[b + 1])
        if _covers(judged, dated, timed, one, other) or _covers(judged, dated, timed, other, one):
            found.add((a, b))
    return np.array(sorted(found), np.int64).reshape(-1, 2)


def listed(histories: Histories, path: Path) -> Pairs:
    """Pairs that a file lists, of those whose two files are read: int64[m, 2].

    A file of ratings goes by the name of its folder; the columns are `set_a,userId_a,set_b,userId_b`, others are
    passed over.

    Raises:
        Invalid: the file cannot be read or is not of this form.
    """
    file_by_name = {file.resolve().parent.name: number for number, file in enumerate(histories.files)}
    person = {
        (int(file), int(user)): number
        for number, (file, user) in enumerate(zip(histories.file_of, histories.user_ids, strict=True))
    }
    pairs = set()
    for line, row in enumerate(_rows(path), start=2):
        try:
            ends = [(file_by_name.get(row[f"set_{end}"]), int(row[f"userId_{end}"])) for end in "ab"]
        except (KeyError, TypeError, ValueError) as error:
            raise Invalid(
                f"{path}, line {line}: needs the columns set_a, userId_a, set_b, userId_b with whole numbers as ids. "
                "Mend or remove it.",
                field="same-people",
            ) from error
        a, b = (person.get((-1 if file is None else file, user), -1) for file, user in ends)
        if min(a, b) >= 0:
            pairs.add((min(a, b), max(a, b)))
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def counted_once(histories: Histories, pairs: Pairs) -> Histories:
    """The ratings with each person once: of those who are one the longest history, of equal ones the first."""
    sizes = np.bincount(histories.people, minlength=histories.n_people)
    group = np.arange(histories.n_people)
    for a, b in pairs.tolist():  # few: groups are joined under their smallest number
        low, high = sorted((group[a], group[b]))
        group[group == high] = low
    dropped = np.zeros(histories.n_people, bool)
    for number in np.unique(group[pairs]).tolist():
        members = np.flatnonzero(group == number)
        dropped[members] = True
        dropped[members[np.argmax(sizes[members])]] = False
    return histories.without(dropped) if dropped.any() else histories


def _timed(histories: Histories) -> NDArray[np.bool_]:
    """Which ratings have a time that means something: not unknown, nor one that a crowd shares: bool[k]."""
    _, first = np.unique(_mixed(histories.times, histories.people), return_index=True)
    times, crowd = np.unique(histories.times[first], return_counts=True)
    at = np.searchsorted(times, histories.times)
    timed: NDArray[np.bool_] = (crowd[at] <= _CROWD) & (histories.times > 0)
    return timed


def _mixed(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.uint64]:
    """A hash of two whole numbers each: uint64[k]. Splitmix64 (Steele, Lea and Flood 2014), whose bits are all used."""
    mixed = one.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed += other.astype(np.uint64)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _pairs_of(
    histories: Histories, keys: NDArray[np.uint64], counting: NDArray[np.bool_]
) -> Mapping[tuple[int, int], int]:
    """How many keys each two people of different files have in common, where few people have the key."""
    ordered = np.sort(keys[counting])
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered
    if not len(repeated):
        return {}
    at = np.minimum(np.searchsorted(repeated, keys), len(repeated) - 1)
    shared = np.flatnonzero((repeated[at] == keys) & counting)
    shared = shared[np.argsort(at[shared], kind="stable")]
    starts = np.flatnonzero(np.diff(at[shared], prepend=-1))
    sizes = np.diff(starts, append=len(shared))
    people = histories.people[shared]
    files = histories.file_of[people]
    span = histories.n_people
    codes = []
    for size in np.unique(sizes[sizes <= _CROWD]).tolist():
        first = starts[sizes == size]
        for i in range(size):
            for j in range(i + 1, size):
                one, other = first + i, first + j
                apart = files[one] != files[other]
                low = np.minimum(people[one], people[other])[apart].astype(np.int64)
                codes.append(low * span + np.maximum(people[one], people[other])[apart])
    pairs, counts = np.unique(np.concatenate(codes or [np.empty(0, np.int64)]), return_counts=True)
    return {
        (pair // span, pair % span): count
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True)
    }


def _alike(histories: Histories, keys: NDArray[np.uint64]) -> set[tuple[int, int]]:
    """People of different files who may be one, whatever the times say: their rarest ratings are the other's too."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(starts, append=len(ordered))
    fame = np.empty(len(keys), np.int32)
    fame[order] = np.repeat(sizes, sizes)
    del ordered
    by_person = np.lexsort((fame, histories.people))
    rank = np.arange(len(keys)) - np.searchsorted(
        histories.people, histories.people
    )  # sorted by person already
    counts = np.bincount(histories.people, minlength=histories.n_people)
    asked = by_person[(rank < _RAREST) & (counts[histories.people] >= FEWEST_FILMS)]
    asked = asked[(fame[asked] > 1) & (fame[asked] <= _CROWD)]
    place = np.empty(len(keys), np.int64)
    place[order] = np.repeat(starts, sizes)
    hits: dict[tuple[int, int], int] = {}
    for rating in asked.tolist():
        person = int(histories.people[rating])
        start = int(place[rating])
        for other in histories.people[order[start : start + int(fame[rating])]].tolist():
            if histories.file_of[other] != histories.file_of[person]:
                hits[person, other] = hits.get((person, other), 0) + 1
    return {(min(pair), max(pair)) for pair, count in hits.items() if count >= _FEWEST_RAREST}


def _covers(
    judged: NDArray[np.uint64], dated: NDArray[np.uint64], timed: NDArray[np.bool_], one: slice, other: slice
) -> bool:
    """Whether nearly all films of one person have the same stars, or nearly all the same time, at another."""
    n = one.stop - one.start
    if n < FEWEST_FILMS:
        return False
    same_stars = int(np.isin(judged[one], judged[other]).sum())
    same_time = int((np.isin(dated[one], dated[other]) & timed[one]).sum())
    return bool(max(same_stars, same_time) >= SHARED * n)


def _rows(path: Path) -> Sequence[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Invalid(
            f"Cannot read {path}: {error}. Name a csv of people who are one.", field="same-people"
        ) from error
