"""What is known of films, and what people's answers to them call for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from moviefinder.records import Ref, Verdict
from moviefinder.services import facts
from moviefinder.sources import FilmSource
from moviefinder.store.models import Fact, Film, SimilarList, UserFilm

STALE: Final = timedelta(days=90)
"""What is older is asked for again when somebody answers to the film anew: scores and offers move on."""

RENEW_AHEAD: Final = timedelta(days=14)
"""What must go so soon is asked for again, so that a source that is away for a while costs nothing."""

LATELY: Final = timedelta(days=1)
"""What is no older is not asked for again, however soon it must go: some answers may be kept for days only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is known of some films: their references, what each source told, which are known by name only."""

    refs: Mapping[int, Sequence[Ref]]
    facts: Mapping[tuple[int, str], Any]
    lists: Mapping[tuple[int, str], Any]
    stubs: frozenset[int]
    """Known by name only."""
    nameless: frozenset[int]
    """Known by their reference only."""

    @classmethod
    def of(cls, session: Session, film_ids: Collection[int]) -> State:
        """Read it: four queries, however many films."""
        run, ids = session.connection().execute, {"ids": list(film_ids)}
        told = run(_FACTS, ids).all()
        lists = run(_LISTS, ids).all()
        stubs = frozenset(run(_STUBS, ids).scalars())
        return cls(
            refs=facts.refs_of(session, film_ids),
            facts={(row.film_id, row.source): row for row in told},
            lists={(row.film_id, row.source): row for row in lists},
            stubs=stubs,
            nameless=stubs - {row.film_id for row in told if row.record},
        )


_IDS: Final[Any] = bindparam("ids", expanding=True)
_FACTS: Final = select(
    Fact.film_id, Fact.source, Fact.record, Fact.is_whole, Fact.fetched_at, Fact.expires_at
).where(Fact.film_id.in_(_IDS))
_LISTS: Final = select(
    SimilarList.film_id, SimilarList.source, SimilarList.fetched_at, SimilarList.expires_at
).where(SimilarList.film_id.in_(_IDS))
_STUBS: Final = select(Film.id).where(Film.id.in_(_IDS), Film.fetched_at.is_(None))


def is_stale(have: Any, now: datetime) -> bool:
    """Whether what is kept is missing, a part, old, or must go soon; that a source knows nothing is kept as it is."""
    if have is None or not getattr(have, "is_whole", True):
        return True
    if not getattr(have, "record", True):
        return False
    ends_soon = have.expires_at is not None and have.expires_at <= now + RENEW_AHEAD
    return bool(have.fetched_at <= now - (LATELY if ends_soon else STALE))


def ref_for(source: FilmSource, refs: Iterable[Ref]) -> Ref | None:
    """The reference by which a source likes best to be asked, of those that a film has."""
    by_namespace = {ref.namespace: ref for ref in refs}
    return next((by_namespace[name] for name in source.takes if name in by_namespace), None)


@dataclass(frozen=True, slots=True)
class Wish:
    """That a film's details are wanted; and its neighbours."""

    neighbours: bool


KEEPS_A_CARD: Final = or_(
    UserFilm.verdict.in_([Verdict.LIKED, Verdict.FINE]), UserFilm.seen, UserFilm.saved_at.is_not(None)
)


SAYS_ANYTHING: Final = or_(
    KEEPS_A_CARD,
    UserFilm.verdict.is_not(None),
    UserFilm.snoozed_until.is_not(None),
    UserFilm.rating.is_not(None),
)


def said_of(session: Session, film_ids: Collection[int]) -> Sequence[Any]:
    """What people say of films, in short; films that nobody said anything of are left out."""
    return session.connection().execute(_SAID, {"ids": list(film_ids)}).all()


def wishes_of(said: Iterable[Any], state: State) -> dict[int, Wish]:
    """What people's answers call for; films that call for nothing are left out."""
    return {
        film_id: Wish(neighbours=bool(liked))
        for film_id, liked, card, says in said
        if card or (says and film_id in state.nameless)
    }


_SAID: Final = (
    select(
        UserFilm.film_id,
        func.max(case((UserFilm.verdict == Verdict.LIKED, 1), else_=0)).label("liked"),
        func.max(case((KEEPS_A_CARD, 1), else_=0)).label("card"),
        func.max(case((SAYS_ANYTHING, 1), else_=0)).label("says"),
    )
    .where(UserFilm.film_id.in_(_IDS))
    .group_by(UserFilm.film_id)
)
