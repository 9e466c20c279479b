"""Taste -> score -> filter -> rank -> reasons.

Filters apply before the list is cut, so that a narrow one still fills the page. The same request gives the same list.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.errors import Invalid
from moviefinder.recommend import Recommender, Scores, Taste
from moviefinder.recommend.filters import Filters, Mask
from moviefinder.recommend.votes import Votes
from moviefinder.records import Verdict
from moviefinder.services.people import films_of_people
from moviefinder.store.models import UserFilm
from moviefinder.store.shelves import Films

Hint = Literal["empty_taste", "filters_too_tight"]

REASONS = 5
"""At most so many liked films are named for one recommendation."""

NARROW = 100
"""When fewer films than this are found, those that are far from the liked ones are looked for as well."""

LONGEST = 1_000
"""A list ends after so many films; by then a filter helps more than another page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """A film to watch, and the liked films that speak for it with their shares, best first."""

    film_id: int
    score: float
    because: Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """A filter that could be dropped, and how many films that would free."""

    filter: str
    frees: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendations:
    """A part of a ranked list.

    `count` films pass all filters; `left_out` counts, by filter, those that pass all others but whose value is not
    known; `next` is the cursor of the part that follows.
    """

    items: Sequence[Recommendation] = ()
    count: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    hint: Hint | None = None
    relax: Sequence[Relief] = ()
    next: str | None = None


def for_user(
    session: Session,
    films: Films,
    user_id: int | None,
    *,
    filters: Filters,
    limit: int,
    cursor: str | None,
    today: date,
) -> Recommendations:
    """What to watch next for one person (None: somebody who has said nothing yet).

    The cursor names the films that were shown, so that a list that goes on after the taste has changed goes on as it
    is ranked now, without repeating any.

    Raises:
        Invalid: the cursor is not one of ours, or a filter names a person who is not known.
    """
    _check_codes(films, filters)
    positions = _positions_of_people(session, films, filters)
    shown = _read_cursor(cursor)
    taste = taste_of(session, user_id, today=today) if user_id is not None else Taste()
    if not taste.liked:
        return Recommendations(hint="empty_taste")
    recommender: Recommender = Votes(films.lists)
    ranked = _filtered(films, recommender.score(taste), filters, positions)
    if len(ranked.ids) < NARROW:
        ranked = _filtered(films, recommender.score(taste, far=True), filters, positions)
    if not filters.in_use() and not ranked.candidates:  # nobody knows what is like the liked films
        return Recommendations(hint="empty_taste")
    ids, scores, masks = ranked.ids, ranked.scores, ranked.masks
    ahead = ~np.isin(ids, np.fromiter(shown, np.int64, len(shown)))
    page = np.flatnonzero(ahead)[:limit]
    because = recommender.explain(taste, ids[page])
    items = [
        Recommendation(film_id=int(ids[i]), score=float(scores[i]), because=because[int(ids[i])][:REASONS])
        for i in page.tolist()
    ]
    seen = shown | {item.film_id for item in items}
    more = int(ahead.sum()) > len(items) and len(seen) < LONGEST
    return Recommendations(
        items=items,
        count=len(ids),
        left_out=_left_out(masks, ranked.candidates),
        hint="filters_too_tight" if not len(ids) and ranked.candidates else None,
        relax=_relief(masks, ranked.candidates) if len(ids) < limit else (),
        next=_write_cursor(seen) if more else None,
    )


@dataclass(frozen=True, slots=True)
class _Filtered:
    """A ranking that was filtered: `ids` int64[m] and `scores` float32[m], best first, of so many candidates."""

    ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    masks: list[tuple[str, Mask, Mask | None]]
    candidates: int


def _filtered(
    films: Films, scores: Scores, filters: Filters, positions: Mapping[int, NDArray[np.int64]]
) -> _Filtered:
    candidates = films.lists.positions(scores.ids)
    masks = [
        (name, mask[candidates], None if known is None else known[candidates])
        for name, mask, known in films.facts.masks(filters, positions)
    ]
    passing = _all([mask for _, mask, _ in masks], len(candidates))
    return _Filtered(scores.ids[passing], scores.values[passing], masks, len(candidates))


def taste_of(session: Session, user_id: int, *, today: date) -> Taste:
    """What a person has said, as the engines take it: one query."""
    rows = session.execute(
        select(
            UserFilm.film_id,
            UserFilm.verdict,
            UserFilm.seen,
            UserFilm.saved_at,
            UserFilm.snoozed_until,
            UserFilm.taste,
            UserFilm.rating,
        ).where(UserFilm.user_id == user_id)
    )
    liked: dict[int, float] = {}
    disliked: dict[int, float] = {}
    decided: set[int] = set()
    for film_id, verdict, seen, saved_at, snoozed_until, shapes_taste, rating in rows:
        if verdict or rating or seen or saved_at or (snoozed_until and snoozed_until > today):
            decided.add(film_id)
        if shapes_taste and verdict == Verdict.LIKED:
            liked[film_id] = 1.0
        elif shapes_taste and verdict == Verdict.DISLIKED:
            disliked[film_id] = 1.0
    return Taste(liked=liked, disliked=disliked, decided=frozenset(decided))


def _check_codes(films: Films, filters: Filters) -> None:
    """See that some film has each code that is asked for, as with genres; a slip of the pen finds nothing otherwise."""
    facts = films.facts
    columns = {"language": facts.languages, "country": facts.countries, "certificate": facts.certificates}
    for name, codes in columns.items():
        for code in getattr(filters, name):
            if code not in codes.counts():
                plural = {"country": "countries"}.get(name, f"{name}s")
                raise Invalid(
                    f"No film has the {name} '{code}'. GET /{plural} lists those there are.", field=name
                )


def _positions_of_people(session: Session, films: Films, filters: Filters) -> dict[int, NDArray[np.int64]]:
    of_people = films_of_people(session, filters.person)
    return {person: films.lists.positions(np.array(ids, np.int64)) for person, ids in of_people.items()}


def _all(masks: Sequence[Mask], n: int) -> Mask:
    passing = np.ones(n, bool)
    for mask in masks:
        passing &= mask
    return passing


def _left_out(masks: Sequence[tuple[str, Mask, Mask | None]], n: int) -> dict[str, int]:
    """How many films each filter leaves out for want of a value, of those that pass all the others."""
    counts = {}
    for name, _, known in masks:
        if known is not None:
            others = _all([mask for other, mask, _ in masks if other != name], n)
            if missing := int((others & ~known).sum()):
                counts[name] = missing
    return counts


def _relief(masks: Sequence[tuple[str, Mask, Mask | None]], n: int) -> list[Relief]:
    """The filters that stand in the way, the one that frees most first."""
    found = int(_all([mask for _, mask, _ in masks], n).sum())
    relief = [
        Relief(
            filter=name, frees=int(_all([mask for other, mask, _ in masks if other != name], n).sum()) - found
        )
        for name, _, _ in masks
    ]
    return sorted((row for row in relief if row.frees), key=lambda row: (-row.frees, row.filter))


def _write_cursor(shown: set[int]) -> str:
    """Film numbers as sorted gaps, packed: 1,000 of them in about 1,500 characters of an address."""
    gaps = np.diff(np.array(sorted(shown), np.int64), prepend=0).astype("<u4")
    return base64.urlsafe_b64encode(zlib.compress(gaps.tobytes(), 9)).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> set[int]:
    if not cursor:
        return set()
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(packed, 4 * LONGEST)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise ValueError("more than a list can hold")
        return set(np.cumsum(np.frombuffer(raw, "<u4").astype(np.int64)).tolist())
    except (ValueError, binascii.Error, zlib.error) as error:
        raise Invalid(
            "This is no cursor of ours. Take it from 'next' of the answer before.", field="cursor"
        ) from error
