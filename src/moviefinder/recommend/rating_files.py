"""Rating files of MovieLens, read: `ratings.csv` and `ratings.dat`, plain or gzipped, of any size.

A file is parsed in blocks of whole lines, column by column over arrays of its bytes: 33 million lines in half a minute
and in less memory than the file. What cannot be read is named by file, line and field.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.errors import Invalid
from moviefinder.recommend.ratings import OUTSIDE, Ratings, latest

FIELDS: Final = ("userId", "movieId", "rating", "timestamp")
HEADER: Final = b"userId,movieId,rating,timestamp"
LARGEST_ID: Final = 2**31 - 1
LARGEST_TIME: Final = 2**40  # 36,000 years from 1970: beyond any clock, and far from what 64 bits cannot hold
LONGEST_LINE: Final = 200
_BLOCK: Final = 1 << 24
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_WIDTHS: Final = {"userId": 10, "movieId": 10, "timestamp": 13}
_LIMITS: Final = {"userId": (0, LARGEST_ID), "movieId": (1, LARGEST_ID), "timestamp": (0, LARGEST_TIME)}

Columns = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """What rating files hold, films by their MovieLens ids; the same user number in two files is two people.

    Attributes:
        files: where they came from.
        file_of: int16[n_people], index into `files`.
        user_ids: int32[n_people], the number in that file.
        people: int32[k], rising.
        movielens_ids: int32[k].
        stars: float32[k], 0.5 to 5.
        times: int64[k], seconds since 1970.
        repeated: how many ratings were left out because the same person rated the film again later.
    """

    files: tuple[Path, ...]
    file_of: NDArray[np.int16]
    user_ids: NDArray[np.int32]
    people: NDArray[np.int32]
    movielens_ids: NDArray[np.int32]
    stars: NDArray[np.float32]
    times: NDArray[np.int64]
    repeated: int

    @property
    def n_people(self) -> int:
        """How many people there are."""
        return len(self.user_ids)

    def without(self, dropped: NDArray[np.bool_]) -> Histories:
        """The others' ratings: `dropped` is bool[n_people]."""
        kept = ~dropped[self.people]
        numbers = (np.cumsum(~dropped) - 1).astype(np.int32)
        return Histories(
            files=self.files,
            file_of=self.file_of[~dropped],
            user_ids=self.user_ids[~dropped],
            people=numbers[self.people[kept]],
            movielens_ids=self.movielens_ids[kept],
            stars=self.stars[kept],
            times=self.times[kept],
            repeated=self.repeated,
        )

    def over(
        self, movielens_ids: NDArray[np.int32], movielens_rows: NDArray[np.int32], n_films: int
    ) -> Ratings:
        """The ratings over rows of a catalogue.

        A film that MovieLens lists twice counts once, with the later rating.

        Args:
            movielens_ids: int32[p], rising.
            movielens_rows: int32[p], the row of each.
            n_films: how many rows there are.
        """
        films = np.full(len(self.movielens_ids), OUTSIDE, np.int32)
        if len(movielens_ids):
            at = np.searchsorted(movielens_ids, self.movielens_ids)
            at = np.minimum(at, len(movielens_ids) - 1)
            found = movielens_ids[at] == self.movielens_ids
            films[found] = movielens_rows[at[found]]
        every = Ratings(
            people=self.people,
            films=films,
            stars=self.stars,
            times=self.times,
            n_people=self.n_people,
            n_films=n_films,
        )
        stands = latest(every.people, films, every.times)
        return every if stands.all() else every.where(stands)


def read(paths: Sequence[Path], *, say: Callable[[str], None] = lambda _: None) -> Histories:
    """Read rating files.

    Where a person rates a film twice in one file, the later rating stands (of equal times the one further down), as on
    MovieLens itself, which keeps one.

    Args:
        paths: csv (`userId,movieId,rating,timestamp` in the first line) or dat (`1::122::5::838985046`), recognised by
            content, each plain or gzipped.
        say: told of each file.

    Raises:
        Invalid: a file is missing, cut, empty or not of its form; names file, line and field.
    """
    if not paths:
        raise Invalid("There is no file of ratings. Name one with --ratings.", field="ratings")
    parts = []
    for path in paths:
        part = _read_one(path)
        again = f", {part.repeated:,} rated again later" if part.repeated else ""
        say(f"{path.name}: {len(part.stars):,} ratings of {part.n_people:,} people{again}")
        parts.append(part)
    if len(parts) == 1:
        return parts[0]
    starts = np.cumsum([0, *(part.n_people for part in parts)])
    return Histories(
        files=tuple(paths),
        file_of=np.repeat(np.arange(len(parts), dtype=np.int16), [part.n_people for part in parts]),
        user_ids=np.concatenate([part.user_ids for part in parts]),
        people=np.concatenate(
            [part.people + np.int32(start) for part, start in zip(parts, starts, strict=False)]
        ),
        movielens_ids=np.concatenate([part.movielens_ids for part in parts]),
        stars=np.concatenate([part.stars for part in parts]),
        times=np.concatenate([part.times for part in parts]),
        repeated=sum(part.repeated for part in parts),
    )


def _read_one(path: Path) -> Histories:
    blocks = list(_blocks(path))
    if not blocks:
        raise Invalid(f"{path} holds no ratings: there is no line after the first.", field="ratings")
    users, films, stars, times = _laid_together(blocks)
    people, user_ids = _numbered(users)
    del users
    if (people[1:] < people[:-1]).any():
        order = np.argsort(people, kind="stable")
        people, films, stars, times = people[order], films[order], stars[order], times[order]
    stands = latest(people, films, times)
    repeated = len(stands) - int(stands.sum())
    if repeated:
        people, films, stars, times = people[stands], films[stands], stars[stands], times[stands]
    return Histories(
        files=(path,),
        file_of=np.zeros(len(user_ids), np.int16),
        user_ids=user_ids,
        people=people,
        movielens_ids=films,
        stars=stars,
        times=times,
        repeated=repeated,
    )


def _laid_together(blocks: list[Columns]) -> Columns:
    """The columns of all blocks, one after the other; the blocks are given up for them."""
    columns: list[Any] = list(zip(*blocks, strict=True))
    blocks.clear()
    users, films, stars, times = (np.concatenate(columns.pop(0)) for _ in FIELDS)
    return users, films, stars, times


def _numbered(users: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Numbers from 0 without gaps, in the order of the user ids, and those ids."""
    largest = int(users.max())
    if largest > 4 * len(users) + 1_000_000:
        user_ids, people = np.unique(users, return_inverse=True)
        return people.astype(np.int32), user_ids
    present = np.zeros(largest + 1, bool)  # a table is quicker than sorting, where the ids stand close
    present[users] = True
    return (np.cumsum(present, dtype=np.int32) - 1)[users], np.flatnonzero(present).astype(np.int32)


def _blocks(path: Path) -> Iterator[Columns]:
    """The columns of a file, a block of whole lines at a time."""
    try:
        with _opened(path) as file:
            first = file.readline(LONGEST_LINE).removeprefix(_UTF8_MARK)
            separator, line = _form(path, first)
            rest = b"" if line == 2 else first
            while block := file.read(_BLOCK):
                rest += block
                end = rest.rfind(b"\n") + 1
                if not end:
                    raise _fault(path, line, "the line is longer than any rating", rest)
                yield _parsed(path, rest[:end], separator, line)
                line += rest.count(b"\n", 0, end)
                rest = rest[end:]
            if rest:
                yield _parsed(path, rest + b"\n", separator, line)
    except FileNotFoundError as error:
        raise Invalid(
            f"There is no file {path}. Name a rating file of MovieLens.", field="ratings"
        ) from error
    except EOFError as error:
        raise Invalid(
            f"{path} is cut: the gzip data end too soon. Fetch it again.", field="ratings"
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise Invalid(f"{path} is damaged gzip data: {error}. Fetch it again.", field="ratings") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Invalid(f"Cannot read {path}: {reason}.", field="ratings") from error


def _opened(path: Path) -> gzip.GzipFile | BufferedReader:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")


def _form(path: Path, first: bytes) -> tuple[bytes, int]:
    """Separator of the fields, and the number of the first line with ratings."""
    if first.strip() == HEADER:
        return b",", 2
    if first.count(b"::") == 3:
        return b"::", 1
    if not first.strip():
        raise Invalid(f"{path} is empty.", field="ratings")
    raise Invalid(
        f"{path}, line 1: '{_shown(first)}' is not the first line of a rating file of MovieLens. A csv begins with "
        f"'{HEADER.decode()}', a dat file with a line such as '1::122::5::838985046'.",
        field="ratings",
    )


def _parsed(path: Path, block: bytes, separator: bytes, line: int) -> Columns:
    """The four columns of whole lines, the first of which has the given number."""
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    text = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    starts = np.concatenate([[0], ends[:-1] + 1])
    if starts[-1] == ends[-1]:  # empty lines at the end of the file, and only there
        stripped = block.rstrip(b"\n")
        if stripped and block[len(stripped) :].count(b"\n") > 1:
            return _parsed(path, stripped + b"\n", separator, line)
    cuts = np.flatnonzero(text == separator[0])
    if len(separator) == 2:
        cuts = cuts[:-1][np.diff(cuts) == 1]
    per_line = np.searchsorted(cuts, ends) - np.searchsorted(cuts, starts)
    _refuse(
        path, block, starts, line, per_line != 3,
        lambda at: f"has {per_line[at] + 1} field{'s' * bool(per_line[at])}, not {len(FIELDS)} "
        f"({', '.join(FIELDS)}); was the file cut there?",
    )  # fmt: skip
    inner = cuts.reshape(-1, 3)
    begins = np.column_stack([starts, inner + len(separator)])
    stops = np.column_stack([inner, ends])
    values: dict[str, NDArray[np.int64]] = {}
    for column, name in enumerate(FIELDS):
        if name == "rating":
            continue
        begin, stop = begins[:, column], stops[:, column]
        number, is_number = _whole_numbers(text, begin, stop, _WIDTHS[name])
        low, high = _LIMITS[name]
        _refuse(
            path, block, starts, line, ~is_number | (number < low) | (number > high),
            lambda at, b=begin, s=stop, n=name, lo=low, hi=high: f"field {n}: '{_shown(block[b[at] : s[at]])}' is not "
            f"a whole number from {lo} to {hi}",
        )  # fmt: skip
        values[name] = number
    begin, stop = begins[:, 2], stops[:, 2]
    stars, is_rating = _stars(block, text, begin, stop)
    _refuse(
        path, block, starts, line, ~is_rating,
        lambda at: f"field rating: '{_shown(block[begin[at] : stop[at]])}' is not a number of stars from 0.5 to 5",
    )  # fmt: skip
    return values["userId"].astype(np.int32), values["movieId"].astype(np.int32), stars, values["timestamp"]


def _whole_numbers(
    text: NDArray[np.uint8], begin: NDArray[np.int64], stop: NDArray[np.int64], widest: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Decimal numbers between bytes int64[n], and whether each is one: at most so wide, digits alone."""
    width = stop - begin
    is_number = (width > 0) & (width <= widest)
    number = np.zeros(len(begin), np.int64)
    for place in range(min(int(width.max(initial=0)), widest)):
        used = is_number & (place < width)
        digit = text[np.where(used, stop - 1 - place, 0)].astype(np.int64) - ord("0")
        is_number &= ~used | ((digit >= 0) & (digit <= 9))
        number += np.where(used, digit, 0) * 10**place
    return number, is_number


def _stars(
    block: bytes, text: NDArray[np.uint8], begin: NDArray[np.int64], stop: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Stars between bytes, and whether they are such: `4`, `4.5`; what is written otherwise is read one by one."""
    width = stop - begin
    last = len(text) - 1
    whole = text[np.minimum(begin, last)].astype(np.int64) - ord("0")
    point = text[np.minimum(begin + 1, last)]
    tenth = text[np.minimum(begin + 2, last)].astype(np.int64) - ord("0")
    is_whole = (whole >= 0) & (whole <= 9)
    short = is_whole & (width == 1)
    long = is_whole & (width == 3) & (point == ord(".")) & (tenth >= 0) & (tenth <= 9)
    stars = np.where(short, whole, whole + tenth / 10.0)
    is_rating = short | long
    for at in np.flatnonzero(~is_rating).tolist():
        written = block[begin[at] : stop[at]]
        if len(written) <= 12 and written.replace(b".", b"", 1).isdigit():
            stars[at], is_rating[at] = float(written), True
        else:
            break
    return stars.astype(np.float32), is_rating & (stars >= 0.5) & (stars <= 5)


def _refuse(
    path: Path,
    block: bytes,
    starts: NDArray[np.int64],
    line: int,
    faulty: NDArray[np.bool_],
    why: Callable[..., str],
) -> None:
    """Raise for the first faulty line, if there is one."""
    if faulty.any():
        at = int(np.argmax(faulty))
        start = int(starts[at])
        raise _fault(path, line + at, why(at), block[start : block.find(b"\n", start)])


def _fault(path: Path, line: int, why: str, text: bytes) -> Invalid:
    return Invalid(
        f"{path}, line {line}: {why}. The line is '{_shown(text)}'. Mend or remove it.", field="ratings"
    )


def _shown(text: bytes) -> str:
    """Some bytes of a file as an error message shows them: short, printable."""
    cut = text[:60].decode("utf-8", "replace").strip()
    return "".join(c if c.isprintable() else "?" for c in cut) + ("..." if len(text) > 60 else "")
