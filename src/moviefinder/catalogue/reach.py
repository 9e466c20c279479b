"""Make every film reachable: each is named by at least three others, and a path leads from each to each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final

LEAST_NAMED: Final = 3
Lists = list[list[tuple[int, int]]]
_ROUNDS: Final = 20  # two are enough for the real data; more means that the lists are too short to be joined


def connect(
    lists: Sequence[Sequence[tuple[int, int]]], hosts: Sequence[Sequence[tuple[int, int]]], *, longest: int
) -> Lists:
    """Add the edges that are missing. Where a list is full, its last film that many others name gives way.

    Args:
        lists: per film those it names (position, weight), best first.
        hosts: per film those that should name it soonest (position, weight that they give it), best first.
        longest: no list grows beyond this.

    Returns:
        The lists, in which every film is named by at least three others and every film leads to every other, as far as
        there are enough films.
    """
    graph = _Graph(lists, longest)
    everybody = [(host, 1) for host in range(len(lists))]
    for film, candidates in enumerate(hosts):
        for host, weight in chain(candidates, everybody):
            if graph.named[film] >= LEAST_NAMED:
                break
            graph.name(host, film, weight)
    for _ in range(_ROUNDS):
        unreached = missed(graph.lists)
        for film in unreached:
            for host, weight in chain(hosts[film], graph.lists[film], everybody):
                if host not in unreached and graph.name(host, film, min(weight, graph.last_weight(host))):
                    break
        lost = missed(turned(graph.lists))
        for film in lost:
            for target, _ in chain(hosts[film], everybody):
                if target not in lost and graph.name(film, target, 1):
                    break
        if not unreached and not lost:
            break
    return graph.lists


class _Graph:
    """Who names whom, and how often each is named."""

    def __init__(self, lists: Sequence[Sequence[tuple[int, int]]], longest: int) -> None:
        self.lists: Lists = [list(row) for row in lists]
        self.named = [0] * len(self.lists)
        for row in self.lists:
            for film, _ in row:
                self.named[film] += 1
        self._longest = longest

    def last_weight(self, host: int) -> int:
        return self.lists[host][-1][1] if self.lists[host] else 1

    def name(self, host: int, film: int, weight: int) -> bool:
        """Put a film into a host's list; false when it is there already or nothing may give way to it."""
        row = self.lists[host]
        if host == film or any(other == film for other, _ in row):
            return False
        if len(row) >= self._longest:
            spare = [at for at, (other, _) in enumerate(row) if self.named[other] > LEAST_NAMED]
            if not spare:
                return False
            # Of the last ten, the one named most: that it is missed here cuts nobody off.
            at = max(spare[-10:], key=lambda at: (self.named[row[at][0]], at))
            self.named[row.pop(at)[0]] -= 1
        row.append((film, weight))
        row.sort(key=lambda edge: (-edge[1], edge[0]))
        self.named[film] += 1
        return True


def turned(lists: Sequence[Sequence[tuple[int, int]]]) -> Lists:
    """The lists the other way round: per film those that name it."""
    back: Lists = [[] for _ in lists]
    for host, row in enumerate(lists):
        for film, weight in row:
            back[film].append((host, weight))
    return back


def missed(lists: Sequence[Sequence[tuple[int, int]]]) -> dict[int, None]:
    """The films that no path reaches from the first, in order."""
    reached = [False] * len(lists)
    ahead = [0] if lists else []
    while ahead:
        host = ahead.pop()
        if not reached[host]:
            reached[host] = True
            ahead.extend(film for film, _ in lists[host] if not reached[film])
    return dict.fromkeys(film for film in range(len(lists)) if not reached[film])
