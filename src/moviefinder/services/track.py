"""What was shown to a person, and what came of it: "of 40 you tried from here you liked 31".

A film was *tried from here* when it was shown as a recommendation before the person gave it a verdict. Beside it
stands what a list of the best-known films would have got with the same person: as many films as were shown, the
best-known ones of those that the person had not spoken of when the first recommendation was shown; of these, the ones
that got a verdict since. Neither is an experiment (what is shown is tried more readily than what is not), but both are
counted alike.

Kept on this machine alone. A showing that no verdict followed is forgotten a year after its last time; the others stay
until the person erases the record, or goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, delete, func, select
from sqlalchemy.orm import Session

from moviefinder.records import Confidence, Verdict
from moviefinder.services.library import hold
from moviefinder.store import insert_or
from moviefinder.store.models import Film, Shown, UserFilm

ENOUGH: Final = 10
"""From so many tried films on a share says something: with ten, chance alone moves it by fifteen points."""

KEPT: Final = timedelta(days=365)
"""A showing that no verdict followed is kept for so long after its last time."""

DELAY: Final = timedelta(minutes=1)
"""The page reports what it shows in batches, so that a verdict may overtake the report by a few seconds."""


def note_shown(
    session: Session,
    user_id: int,
    ranks: Mapping[int, int],
    *,
    model: str,
    confidence: Mapping[int, Confidence | None],
    now: datetime,
) -> None:
    """Note that films were seen on the page; rank, model and confidence stay those of the first time.

    Films that are not known, and those that the person had decided on before, are passed over.

    Args:
        ranks: film to its place in the list, from 1.
        model: which engine recommended, with the version of what it learned.
        confidence: of each film, None where there is none.
    """
    hold(session, user_id)
    known = session.execute(select(Film.id, Film.merged_into).where(Film.id.in_(ranks)))
    ranks = {became or film_id: ranks[film_id] for film_id, became in known}
    decided = _decided(session, user_id, ranks, before=now - DELAY)
    rows = [
        {
            "user_id": user_id,
            "film_id": film_id,
            "first_at": now,
            "last_at": now,
            "rank": ranks[film_id],
            "confidence": confidence.get(film_id),
            "model": model,
        }
        for film_id in sorted(ranks.keys() - decided)
    ]
    if rows:
        statement = insert_or(session, Shown).values(rows)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["user_id", "film_id"], set_={"last_at": statement.excluded.last_at}
            )
        )


def _decided(session: Session, user_id: int, film_ids: Iterable[int], *, before: datetime) -> set[int]:
    """The films that had a verdict, or were seen, before a moment."""
    rows = session.execute(
        select(UserFilm.film_id, UserFilm.verdict, UserFilm.seen, UserFilm.said).where(
            UserFilm.user_id == user_id, UserFilm.film_id.in_(film_ids)
        )
    )
    return {
        film_id
        for film_id, verdict, seen, said in rows
        if (verdict and _said_at(said, "verdict") < before) or (seen and _said_at(said, "seen") < before)
    }


def _said_at(said: Mapping[str, str], answer: str) -> datetime:
    return datetime.fromisoformat(said[answer])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many films were tried, and what was thought of them."""

    tried: int = 0
    liked: int = 0
    fine: int = 0
    disliked: int = 0

    @classmethod
    def of(cls, verdicts: Sequence[Verdict]) -> Tally:
        """Count verdicts, one a film."""
        counts = Counter(verdicts)
        return cls(tried=len(verdicts), **{str(verdict): counts[verdict] for verdict in Verdict})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What came of what was shown to one person.

    `since` is the first showing (None: nothing was shown), `shown` counts films, `here` the films tried from here,
    `popular` those that would have stood on a list of the best-known films of the same length; `by_confidence` parts
    `here` by the confidence with which each film was first shown.
    """

    since: datetime | None = None
    shown: int = 0
    here: Tally = field(default_factory=Tally)
    popular: Tally = field(default_factory=Tally)
    by_confidence: Mapping[Confidence, Tally] = field(default_factory=dict)

    @property
    def is_enough(self) -> bool:
        """Whether enough films were tried for a share to say something."""
        return self.here.tried >= ENOUGH


def record(session: Session, user_id: int) -> Record:
    """The record with one person, as the module defines it."""
    count, since = session.execute(
        select(func.count(), func.min(Shown.first_at)).where(Shown.user_id == user_id)
    ).one()
    if not count:
        return Record()
    tried: list[tuple[Verdict, Confidence | None]] = []
    rows = session.execute(
        select(UserFilm.verdict, UserFilm.said, Shown.first_at, Shown.confidence)
        .join(Shown, and_(Shown.user_id == UserFilm.user_id, Shown.film_id == UserFilm.film_id))
        .where(UserFilm.user_id == user_id, UserFilm.verdict.is_not(None))
    )
    for verdict, said, first_at, confidence in rows:
        if _said_at(said, "verdict") >= first_at - DELAY:
            tried.append((Verdict(verdict), confidence and Confidence(confidence)))
    return Record(
        since=since,
        shown=count,
        here=Tally.of([verdict for verdict, _ in tried]),
        popular=_popular(session, user_id, count, since),
        by_confidence={
            one: Tally.of([verdict for verdict, confidence in tried if confidence == one])
            for one in Confidence
        },
    )


def _popular(session: Session, user_id: int, length: int, since: datetime) -> Tally:
    """What a list of the best-known films, `length` of them, that was drawn up at `since` would have got."""
    spoken_of = (
        select(UserFilm.film_id)
        .where(UserFilm.film_id == Film.id, UserFilm.user_id == user_id, UserFilm.created_at < since - DELAY)
        .exists()
    )
    best_known = (
        select(Film.id)
        .where(Film.popularity.is_not(None), ~spoken_of)
        .order_by(Film.popularity, Film.id)
        .limit(length)
    )
    verdicts = session.scalars(
        select(UserFilm.verdict).where(
            UserFilm.user_id == user_id,
            UserFilm.verdict.is_not(None),
            UserFilm.film_id.in_(best_known),
        )
    )
    return Tally.of([Verdict(verdict) for verdict in verdicts if verdict])


def erase(session: Session, user_id: int) -> int:
    """Forget what was shown to a person; returns how many films that were."""
    done = session.execute(delete(Shown).where(Shown.user_id == user_id))
    return int(done.rowcount)  # type: ignore[attr-defined]


def forget_old(session: Session, *, now: datetime) -> int:
    """Forget showings of long ago that no verdict followed; returns how many films that were."""
    has_verdict = (
        select(UserFilm.film_id)
        .where(
            UserFilm.user_id == Shown.user_id,
            UserFilm.film_id == Shown.film_id,
            UserFilm.verdict.is_not(None),
        )
        .exists()
    )
    done = session.execute(delete(Shown).where(Shown.last_at < now - KEPT, ~has_verdict))
    return int(done.rowcount)  # type: ignore[attr-defined]
