"""An entry of somebody's library, and its ways out of a row and in and out of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from moviefinder.records import Answers, Verdict
from moviefinder.store.models import UserFilm

ANSWERS: Final = tuple(field.name for field in fields(Answers))
NOTHING: Final = Answers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one person says of one film now."""

    film_id: int
    answers: Answers
    saved_at: datetime | None
    version: int
    updated_at: datetime


def answers_of(row: UserFilm) -> Answers:
    """What a row says."""
    return Answers(
        verdict=Verdict(row.verdict) if row.verdict else None,
        seen=row.seen,
        seen_on=row.seen_on,
        saved=row.saved_at is not None,
        snoozed_until=row.snoozed_until,
        taste=row.taste,
        rating=row.rating,
    )


def is_blank(row: UserFilm) -> bool:
    """Whether a row says nothing any more; it stays for the times at which that was said."""
    return answers_of(row).says_nothing


def put(row: UserFilm, answers: Answers, said: Mapping[str, str], *, now: datetime) -> None:
    """Have a row say something else, with the times at which that was said."""
    row.verdict = answers.verdict
    row.seen = answers.seen
    row.seen_on = answers.seen_on
    row.saved_at = (row.saved_at or now) if answers.saved else None
    row.snoozed_until = answers.snoozed_until
    row.taste = answers.taste
    row.rating = answers.rating
    row.said = dict(said)
    row.version += 1
    row.updated_at = now


def entry_from(row: UserFilm | None) -> Entry | None:
    """The entry of a row; None where nothing is said."""
    if row is None or is_blank(row):
        return None
    return Entry(
        film_id=row.film_id,
        answers=answers_of(row),
        saved_at=row.saved_at,
        version=row.version,
        updated_at=row.updated_at,
    )


def default_of(name: str) -> Any:
    """What an answer is for a film that nobody spoke of."""
    return getattr(NOTHING, name)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON has them."""
    return {name: _plain(value) for name, value in values.items()}


def to_json(answers: Answers) -> dict[str, Any]:
    """Answers as the history keeps them."""
    return {name: _plain(getattr(answers, name)) for name in ANSWERS}


def from_json(stored: Mapping[str, Any]) -> Answers:
    """Answers as the history kept them."""
    days: dict[str, Any] = {
        name: date.fromisoformat(stored[name]) for name in ("seen_on", "snoozed_until") if stored.get(name)
    }
    verdict = Verdict(stored["verdict"]) if stored.get("verdict") else None
    plain = {name: stored[name] for name in ("seen", "saved", "taste", "rating")}
    return Answers(verdict=verdict, **plain, **days)
