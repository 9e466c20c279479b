"""Taste -> score -> filter -> rank -> reasons.

Filters apply before the list is cut, so that a narrow one still fills the page; everything that a request answers comes
from one scoring. The same request gives the same list.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial, reduce
from typing import Final, Literal

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.errors import Invalid
from moviefinder.recommend import FloatArray, IdArray, Positions, Recommender, Taste, confidence
from moviefinder.recommend.filters import Bits, Filters, count, pack, unpack
from moviefinder.recommend.fuse import Fused, below
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from moviefinder.recommend.spread import KNOWN, SPREAD, arrange
from moviefinder.recommend.votes import Votes
from moviefinder.records import Confidence, Say, Verdict
from moviefinder.services.people import films_of_people
from moviefinder.store.models import AnsweredReason, UserFilm
from moviefinder.store.shelves import Films

By = Literal["votes", "model", "fused"]
Hint = Literal["empty_taste", "filters_too_tight"]

BEST: Final[By] = "model"
"""What ranks where nobody asks for another; without a model it is the votes."""

REASONS = 5
"""At most so many liked films are named for one recommendation."""

NARROW = 100
"""When fewer films than this are found, the similar lists bring more, those far from the liked ones as well."""

LONGEST = 1_000
"""A list ends after so many films; by then a filter helps more than another page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """A film to watch, how sure it is, and the liked films that speak for it with their shares, best first."""

    film_id: int
    score: float
    because: Sequence[tuple[int, float]]
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """A filter that could be dropped, and how many films that would free."""

    filter: str
    frees: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendations:
    """A part of a ranked list.

    `engine` names what ranked, with the version of its model; `known` and `spread` are the dials in use; `count` films
    pass all filters; `left_out` counts, by filter, those that pass all others but whose value is not known; `next` is
    the cursor of the part that follows.
    """

    engine: str
    known: float
    spread: float
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
    learned: Learned | None = None,
    by: By | None = None,
    known: float | None = None,
    spread: float | None = None,
    filters: Filters,
    limit: int,
    cursor: str | None,
    today: date,
) -> Recommendations:
    """What to watch next for one person (None: somebody who has said nothing yet).

    The cursor names the films that were shown, so that a list that goes on after the taste has changed goes on as it
    is ranked now, without repeating any.

    Args:
        learned: the model, where there is one.
        by: what ranks; None for the best there is.
        known: from little known (0) to well known films (1); None for what suits most.
        spread: from close (0) to adventurous (1); None for what suits most.

    Raises:
        Invalid: the cursor is not one of ours, or a filter names a person who is not known.
    """
    _check_codes(films, filters)
    people = _positions_of_people(session, films, filters)
    shown = _read_cursor(cursor)
    taste = taste_of(session, user_id, today=today) if user_id is not None else Taste()
    return recommend(
        films,
        learned,
        taste,
        by=by,
        known=known,
        spread=spread,
        filters=filters,
        films_of_person=people,
        limit=limit,
        shown=shown,
    )


def recommend(
    films: Films,
    learned: Learned | None,
    taste: Taste,
    *,
    by: By | None = None,
    known: float | None = None,
    spread: float | None = None,
    filters: Filters,
    films_of_person: Mapping[int, Positions],
    limit: int,
    shown: frozenset[int] = frozenset(),
) -> Recommendations:
    """What to watch next for a taste: arrays only, no database.

    Args:
        films_of_person: for each person in the filters, the positions of the films they had a part in.
        shown: films that the list has shown before.
    """
    ranking = _Ranking(films, learned, by)
    known, spread = KNOWN if known is None else known, SPREAD if spread is None else spread
    answer = partial(Recommendations, engine=ranking.engine, known=known, spread=spread)
    if not taste.liked:
        return answer(hint="empty_taste")
    masks = list(films.facts.masks(filters, films_of_person))
    values, reached = ranking.values(taste, [mask for _, mask, _ in masks])
    candidates = count(reached)
    if not masks and not candidates:  # nobody knows what is like the liked films
        return answer(hint="empty_taste")
    passing = _all([mask for _, mask, _ in masks], reached)
    found = count(passing)
    ahead = values * unpack(passing, len(values))
    before = films.lists.places.of(np.fromiter(shown, np.int64, len(shown)))
    ahead[before] = 0
    page = arrange(ahead, limit, films.lists, known=known, spread=spread, before=before)
    ids = films.facts.ids[page]
    because = ranking.explain(taste, ids)
    items = [
        Recommendation(film_id=film_id, score=score, because=because[film_id], confidence=word)
        for film_id, score, word in zip(
            ids.tolist(), values[page].tolist(), ranking.words(taste, page), strict=True
        )
    ]
    seen = shown | set(ids.tolist())
    more = len(items) == limit and len(seen) < LONGEST and bool((ahead > 0).sum() > limit)
    return answer(
        items=items,
        count=found,
        left_out=_left_out(masks, reached),
        hint="filters_too_tight" if not found and candidates else None,
        relax=_relief(masks, reached) if found < limit else (),
        next=_write_cursor(seen) if more else None,
    )


def confidence_of(
    session: Session,
    films: Films,
    user_id: int,
    film_ids: Sequence[int],
    *,
    learned: Learned | None = None,
    today: date,
) -> tuple[str, Mapping[int, Confidence | None]]:
    """The engine that recommends to a person, and how sure it is of some films."""
    ranking = _Ranking(films, learned, None)
    taste = taste_of(session, user_id, today=today)
    places = films.lists.places
    positions = places.of(np.array(film_ids, np.int64))
    found = dict(zip(places.ids[positions].tolist(), ranking.words(taste, positions), strict=True))
    return ranking.engine, {film_id: found.get(film_id) for film_id in film_ids}


class _Ranking:
    """The engine that was asked for, helped out by the similar lists where it finds too little.

    Args:
        by: None for the best there is.
    """

    def __init__(self, films: Films, learned: Learned | None, by: By | None) -> None:
        self._votes = Votes(films.lists)
        self._engine: Recommender = self._votes
        self._learned = learned
        self._barred = films.barred
        self._linear = linear = None if learned is None else Linear(learned, films.beside(learned))
        self.engine = self._votes.name
        by = by or BEST
        if learned is not None and linear is not None and by != "votes":
            self._engine = linear if by == "model" else Fused.of(linear, self._votes)
            self.engine = f"{self._engine.name} {learned.meta['version']}"
        self._own: FloatArray = np.empty(0, np.float32)

    def values(self, taste: Taste, masks: Sequence[Bits]) -> tuple[FloatArray, Bits]:
        """What each film gets, float32[n], positive where it may be recommended; and the films that get any."""
        self._own = values = self._engine.values(taste)
        values[self._barred] = 0
        reached = pack(values > 0)
        for far in (False, True):
            if count(_all(masks, reached)) >= NARROW:
                break
            further = self._votes.values(taste, far=far)
            further[self._barred] = 0
            values = below(self._own, further)
            reached = pack(values > 0)
        return values, reached

    def explain(self, taste: Taste, ids: IdArray) -> dict[int, list[tuple[int, float]]]:
        """The reasons of each film, by what ranked it."""
        spoken = self._own[self._votes.places.of(ids)] > 0
        reasons = self._engine.explain(taste, ids[spoken], most=REASONS)
        if not spoken.all():
            reasons |= self._votes.explain(taste, ids[~spoken], most=REASONS)
        return reasons

    def words(self, taste: Taste, positions: Positions) -> list[Confidence | None]:
        """How sure some films are, by the model, whatever ranks; None where there is no model."""
        if self._learned is None or self._linear is None:
            return [None] * len(positions)
        told, values = sum(taste.liked.values()), self._linear.values(taste)
        return confidence.words(self._learned.meta, self._linear.quality, values, told, positions)


def taste_of(session: Session, user_id: int, *, today: date) -> Taste:
    """What a person has said, as the engines take it: two queries."""
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
    return Taste(
        liked=liked, disliked=disliked, decided=frozenset(decided), **_answered(session, user_id, liked)
    )


def _answered(
    session: Session, user_id: int, liked: Mapping[int, float]
) -> dict[str, frozenset[tuple[int, int]]]:
    """The answers to reasons that count: those whose reason is a film that shapes the taste now."""
    rows = session.execute(
        select(AnsweredReason.film_id, AnsweredReason.because_id, AnsweredReason.say).where(
            AnsweredReason.user_id == user_id
        )
    ).all()
    return {
        name: frozenset((film, because) for film, because, say in rows if say == wanted and because in liked)
        for name, wanted in (("off", Say.NOT), ("more", Say.MORE))
    }


def _check_codes(films: Films, filters: Filters) -> None:
    """See that some film has each code that is asked for, as with genres; a slip of the pen finds nothing otherwise."""
    for name, plural in (
        ("language", "languages"),
        ("country", "countries"),
        ("certificate", "certificates"),
    ):
        for code in getattr(filters, name):
            if code not in getattr(films.facts, plural):
                raise Invalid(
                    f"No film has the {name} '{code}'. GET /{plural} lists those there are.", field=name
                )


def _positions_of_people(session: Session, films: Films, filters: Filters) -> dict[int, Positions]:
    of_people = films_of_people(session, filters.person)
    return {person: films.lists.places.of(np.array(ids, np.int64)) for person, ids in of_people.items()}


Masks = Sequence[tuple[str, Bits, Bits | None]]


def _all(masks: Iterable[Bits], reached: Bits) -> Bits:
    return reduce(np.bitwise_and, masks, reached)


def _but(masks: Masks, left: str, reached: Bits) -> Bits:
    """The films that pass all filters but one."""
    return _all([mask for name, mask, _ in masks if name != left], reached)


def _left_out(masks: Masks, reached: Bits) -> dict[str, int]:
    """How many films each filter leaves out for want of a value, of those that pass all the others."""
    counts = {
        name: count(_but(masks, name, reached) & ~known) for name, _, known in masks if known is not None
    }
    return {name: missing for name, missing in counts.items() if missing}


def _relief(masks: Masks, reached: Bits) -> list[Relief]:
    """The filters that stand in the way, the one that frees most first."""
    relief = [Relief(filter=name, frees=count(_but(masks, name, reached) & ~mask)) for name, mask, _ in masks]
    return sorted((row for row in relief if row.frees), key=lambda row: (-row.frees, row.filter))


def _write_cursor(shown: frozenset[int]) -> str:
    """Film numbers as sorted gaps, packed: 1,000 of them in about 1,500 characters of an address."""
    films = sorted(shown)
    gaps = np.array([here - before for here, before in zip(films, [0, *films], strict=False)], "<u4")
    return base64.urlsafe_b64encode(zlib.compress(gaps.tobytes(), 9)).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> frozenset[int]:
    if not cursor:
        return frozenset()
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(packed, 4 * LONGEST)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise ValueError("more than a list can hold")
        return frozenset(np.cumsum(np.frombuffer(raw, "<u4").astype(np.int64)).tolist())
    except (ValueError, binascii.Error, zlib.error) as error:
        raise Invalid(
            "This is no cursor of ours. Take it from 'next' of the answer before.", field="cursor"
        ) from error
