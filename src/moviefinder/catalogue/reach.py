"""Make every film reachable: each is named by at least three others, and a path leads from each to each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

LEAST_NAMED: Final = 3
Lists = list[list[tuple[int, int]]]


def connect(lists: Sequence[Sequence[tuple[int, int]]], *, longest: int) -> Lists:
    """Add the edges that are missing, each back from a film to one that names it.

    A film that few name is put into the lists of those it names itself, at the weight it gives them. Where a list is
    full, the last one that others name often enough gives way.

    Args:
        lists: per film its neighbours (position, weight), best first.
        longest: no list grows beyond this.
    """
    made: Lists = [list(row) for row in lists]
    named = [0] * len(made)
    for row in made:
        for film, _ in row:
            named[film] += 1
    for film in range(len(made)):
        for host, weight in made[film]:
            if named[film] >= LEAST_NAMED:
                break
            _put(made, named, host, film, weight, longest)
    # Strong connection: from the first film forwards and backwards; who is missed gets an edge from or to the first group.
    for backwards in (False, True):
        while missed := _unreached(made, backwards=backwards):
            film = missed[0]
            inside = set(range(len(made))).difference(missed)
            if (
                backwards
            ):  # film cannot get to the first film: let it name its likest film inside, or the best known
                target = next((other for other, _ in made[film] if other in inside), 0)
                _put(made, named, film, target, 1, longest)
            else:  # nobody inside names it: its own neighbours inside take it in
                host = next((other for other, _ in made[film] if other in inside), 0)
                weight = next((weight for other, weight in made[film] if other == host), 1)
                _put(made, named, host, film, weight, longest)
    return made


def _put(lists: Lists, named: list[int], host: int, film: int, weight: int, longest: int) -> None:
    row = lists[host]
    if host == film or any(other == film for other, _ in row):
        return
    if len(row) >= longest:
        spare = next((at for at in reversed(range(len(row))) if named[row[at][0]] > LEAST_NAMED + 1), None)
        if spare is None:
            return
        named[row.pop(spare)[0]] -= 1
    row.append((film, weight))
    row.sort(key=lambda edge: (-edge[1], edge[0]))
    named[film] += 1


def _unreached(lists: Lists, *, backwards: bool) -> list[int]:
    onward: list[list[int]] = (
        [[] for _ in lists] if backwards else [[film for film, _ in row] for row in lists]
    )
    if backwards:
        for host, row in enumerate(lists):
            for film, _ in row:
                onward[film].append(host)
    reached, edge = {0}, [0]
    while edge:
        edge = [
            film for host in edge for film in onward[host] if film not in reached and not reached.add(film)
        ]  # type: ignore[func-returns-value]
    return [film for film in range(len(lists)) if film not in reached]
