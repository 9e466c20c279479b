"""All that is kept of one person, as one archive of files that people and programs can read.

Rows are read and written a few hundred at a time, so that ten thousand films take no more memory than ten. Secrets and
their hashes are left out: they are no use to their owner, and would be to whoever finds the file.
"""

from __future__ import annotations

import io
import json
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, TYPE_CHECKING, Any, Final

from sqlalchemy import Row, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from moviefinder.errors import NotFound
from moviefinder.formats import tables
from moviefinder.services.library.entry import ANSWERS
from moviefinder.store import models
from moviefinder.store.models import (
    AnsweredReason,
    Base,
    Change,
    ExternalId,
    Film,
    Flow,
    Identity,
    Invitation,
    Mail,
    MailLink,
    Passkey,
    Shown,
    SourceSwitch,
    Token,
    User,
    UserFilm,
)

if TYPE_CHECKING:
    from zipfile import ZipFile

BATCH: Final = 500

Item = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One kind of thing in the archive: a JSON file, and a table of it where it is one."""

    name: str
    about: str
    items: Callable[[Session, int], Iterator[Item]]
    columns: tuple[str, ...] = ()
    """Of the table; none where there is none."""


def file_name(today: date) -> str:
    """What the archive is called."""
    return f"moviefinder-{today:%Y-%m-%d}.zip"


def write(session: Session, user_id: int, into: IO[bytes], *, now: datetime) -> None:
    """Write the archive of a person.

    Args:
        session: one snapshot, so that the files agree with each other.
        user_id: whose.
        into: where the archive goes; need not be able to seek.
        now: the time.

    Raises:
        NotFound: there is no such user.
    """
    from zipfile import ZIP_DEFLATED, ZipFile

    account = _account(session, user_id)
    with ZipFile(into, "w", ZIP_DEFLATED) as archive:
        _write_text(archive, "README.txt", _readme(now))
        _write_text(archive, "account.json", _json(account) + "\n")
        for part in _PARTS:
            _write_json(archive, f"{part.name}.json", part.items(session, user_id))
            if part.columns:
                _write_table(archive, f"{part.name}.csv", part.columns, part.items(session, user_id))


def _write_text(archive: ZipFile, name: str, text: str) -> None:
    archive.writestr(name, text.encode())


def _write_json(archive: ZipFile, name: str, items: Iterable[Item]) -> None:
    """An array, an item a line."""
    with archive.open(name, "w", force_zip64=True) as file:
        between = b"[\n"
        for item in items:
            file.write(between + _json(item, indent=None).encode())
            between = b",\n"
        file.write(b"\n]\n" if between == b",\n" else b"[]\n")


def _write_table(archive: ZipFile, name: str, columns: Sequence[str], items: Iterable[Item]) -> None:
    with (
        archive.open(name, "w", force_zip64=True) as file,
        # The mark at the start tells spreadsheets that it is UTF-8.
        io.TextIOWrapper(file, "utf-8-sig", newline="") as text,
    ):
        tables.write(text, columns, items)


def _json(value: Any, indent: int | None = 2) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, date):  # and datetime
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an export")


# What was said of films, when, and what was shown


def _library(session: Session, user_id: int) -> Iterator[Item]:
    names = [name for name in ANSWERS if name != "saved"]
    times = ("saved_at", "created_at", "updated_at")
    for rows in _batches(session, UserFilm, user_id, UserFilm.film_id):
        films = _films(session, [row.film_id for row in rows])
        for row in rows:
            saved = {"saved": row.saved_at is not None}
            told = {name: getattr(row, name) for name in (*names, *times)}
            yield {**films[row.film_id], **told, **saved, "said": row.said}


def _history(session: Session, user_id: int) -> Iterator[Item]:
    for rows in _batches(session, Change, user_id, Change.id):
        films = _films(session, [row.film_id for row in rows])
        for row in rows:
            told = ("said_at", "via", "before", "after", "overtaken", "undone_at")
            yield {
                "change": row.id,
                **films[row.film_id],
                **{name: getattr(row, name) for name in told},
                "brought_by_guest": row.guest_id,
            }


def _reasons(session: Session, user_id: int) -> Iterator[Item]:
    key = (AnsweredReason.film_id, AnsweredReason.because_id)
    for rows in _batches(session, AnsweredReason, user_id, *key):
        films = _films(session, [film_id for row in rows for film_id in (row.film_id, row.because_id)])
        for row in rows:
            because = {
                f"because_{name}": films[row.because_id][name] for name in ("film", "title", "year", "refs")
            }
            yield {**films[row.film_id], **because, "say": row.say, "said_at": row.said_at}


def _showings(session: Session, user_id: int) -> Iterator[Item]:
    names = ("rank", "confidence", "model", "first_at", "last_at")
    for rows in _batches(session, Shown, user_id, Shown.film_id):
        films = _films(session, [row.film_id for row in rows])
        for row in rows:
            yield {**films[row.film_id], **{name: getattr(row, name) for name in names}}


def _brought(session: Session, user_id: int) -> Iterator[Item]:
    """What guests had said who were brought along, as long as that can be undone."""
    guests = select(User.id, User.created_at, User.merged_at).where(User.merged_into == user_id)
    for guest_id, created_at, merged_at in session.execute(guests.order_by(User.id)).all():
        guest = {"guest": guest_id, "guest_since": created_at, "brought_at": merged_at}
        for name, items in (("library", _library), ("reasons", _reasons), ("showings", _showings)):
            for item in items(session, guest_id):
                yield {**guest, "of": name, **item}


def _sessions(session: Session, user_id: int) -> Iterator[Item]:
    names = ("created_at", "last_seen_at", "expires_at", "way", "fresh_at", "user_agent", "address")
    found = select(models.Session).where(models.Session.user_id == user_id).order_by(models.Session.id)
    for row in session.scalars(found):
        yield {name: getattr(row, name) for name in names}


def _batches(
    session: Session, of: type[Base], user_id: int, *key: InstrumentedAttribute[int]
) -> Iterator[Sequence[Row[Any]]]:
    """A person's rows of a table in the order of a key, a few hundred at a time."""
    table = of.__table__
    wanted = select(table).where(table.c.user_id == user_id).order_by(*key).limit(BATCH)
    after: tuple[int, ...] | None = None
    while rows := session.execute(wanted if after is None else wanted.where(tuple_(*key) > after)).all():
        yield rows
        after = tuple(getattr(rows[-1], column.key) for column in key)


def _films(session: Session, film_ids: Sequence[int]) -> dict[int, Item]:
    """By which a film is known here and elsewhere: two queries, however many films."""
    refs = defaultdict[int, list[str]](list)
    named = select(ExternalId.film_id, ExternalId.namespace, ExternalId.value)
    named = named.where(ExternalId.film_id.in_(film_ids)).order_by(ExternalId.namespace, ExternalId.value)
    for film_id, namespace, value in session.execute(named):
        refs[film_id].append(f"{namespace}:{value}")
    films = select(Film.id, Film.title, Film.year, Film.kind).where(Film.id.in_(film_ids))
    return {
        film_id: {"film": film_id, "title": title, "year": year, "kind": kind, "refs": refs[film_id]}
        for film_id, title, year, kind in session.execute(films)
    }


# Who they are


def _account(session: Session, user_id: int) -> Item:
    """The person, their ways in, and all else that names them; of every secret only that there is one."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("There is no such user any more.")
    guests = select(User).where(User.merged_into == user_id).order_by(User.id)

    def of(table: type[Any], *names: str, whose: Any = None) -> list[Item]:
        mine = (table.user_id if whose is None else whose) == user_id
        rows = session.scalars(select(table).where(mine).order_by(table.created_at))
        return [{name: getattr(row, name) for name in names} for row in rows]

    # To the mailbox that is theirs: whether one goes to another tells whether that has an account here.
    own = select(Identity.email).where(Identity.user_id == user_id, Identity.provider == "password")
    mails = select(Mail).where(Mail.user_id == user_id, Mail.to.in_(own)).order_by(Mail.id)
    person = ("id", "display_name", "locale", "country", "settings", "is_operator", "asks_passkey")
    invitation = ("note", "created_at", "expires_at", "used_at")
    switches = select(SourceSwitch).where(SourceSwitch.switched_by == user_id).order_by(SourceSwitch.source)
    return {
        **{name: getattr(user, name) for name in (*person, "created_at", "last_seen_at")},
        "identities": of(
            Identity, "provider", "issuer", "subject", "email", "failed_count", "created_at", "last_used_at"
        ),
        "passkeys": of(Passkey, "name", "sign_count", "created_at", "last_used_at"),
        "tokens": of(Token, "name", "scope", "created_at", "last_used_at"),
        "links_in_mails": of(MailLink, "purpose", "email", "created_at", "expires_at"),
        "mails_waiting": [
            {"to": row.to, "template": row.template, "language": row.language, "created_at": row.created_at}
            for row in session.scalars(mails)
        ],
        "begun_in_a_browser": of(Flow, "purpose", "created_at", "expires_at"),
        "invitation_used": of(Invitation, *invitation, whose=Invitation.used_by),
        "invitations_made": of(Invitation, *invitation, whose=Invitation.made_by),
        "guests_brought_along": [
            {"id": guest.id, "created_at": guest.created_at, "merged_at": guest.merged_at}
            for guest in session.scalars(guests)
        ],
        "sources_switched": [
            {"source": row.source, "is_on": row.is_on, "switched_at": row.switched_at}
            for row in session.scalars(switches)
        ],
    }


_FILM: Final = ("title", "year", "kind", "refs")

_PARTS: Final = (
    _Part(
        name="library",
        about="What you say of films now, one film a line. `said` in the JSON is when you gave each answer; a film of "
        "which you took everything back stands here with those times alone.",
        items=_library,
        columns=(
            *_FILM,
            *("verdict", "rating", "seen", "seen_on", "saved", "saved_at", "snoozed_until", "taste"),
            *("created_at", "updated_at", "film"),
        ),
    ),
    _Part(
        name="history",
        about="Every change to that, the oldest first: the answers before and after, answers that later ones had "
        "overtaken, when it was undone, and by which guest it was brought along.",
        items=_history,
        columns=(
            "said_at",
            *_FILM,
            *("before", "after", "via", "overtaken", "undone_at", "brought_by_guest", "change", "film"),
        ),
    ),
    _Part(
        name="reasons",
        about="Your answers to reasons: `not` because of that film, or `more` like this side of it.",
        items=_reasons,
        columns=(
            *_FILM,
            *("say", "because_title", "because_year", "because_refs", "said_at", "film", "because_film"),
        ),
    ),
    _Part(
        name="showings",
        about="Recommended films that you saw on the page: first and last time, the place in the list, how sure "
        "it was, and what made the list.",
        items=_showings,
        columns=(*_FILM, "rank", "confidence", "model", "first_at", "last_at", "film"),
    ),
    _Part(
        name="brought-along",
        about="What guests had said whom you brought along by signing in; kept for a day, for undoing that.",
        items=_brought,
    ),
    _Part(
        name="sessions",
        about="Where you are signed in: since when and until when, how, with what browser, from which address.",
        items=_sessions,
        columns=("created_at", "last_seen_at", "expires_at", "way", "fresh_at", "user_agent", "address"),
    ),
)


def _readme(now: datetime) -> str:
    """What each file is; plain text, for people."""
    lines = [
        f"All that this MovieFinder keeps of you, as of {now:%Y-%m-%d %H:%M} UTC.",
        "",
        "account.json",
        *_paragraph(
            "Who you are: name, language, ways to sign in, passkeys, tokens, links and mails under way."
        ),
    ]
    for part in _PARTS:
        names = f"{part.name}.json" + (f" and {part.name}.csv" if part.columns else "")
        lines += ["", names, *_paragraph(part.about)]
    lines += ["", "How to read them", *_paragraph(_HOW)]
    lines += ["", "What is not in it", *_paragraph(_LEFT_OUT)]
    return "\n".join(lines) + "\n"


def _paragraph(text: str) -> list[str]:
    return textwrap.wrap(text, width=96, initial_indent="    ", subsequent_indent="    ")


_HOW: Final = (
    "The JSON files hold everything, an item a line; the CSV files hold the same as tables, for spreadsheets: "
    "UTF-8, commas, RFC 4180. A cell that a spreadsheet would work out as a formula (one that begins with = + - @) "
    "has a single quote before it, which is not part of the text. Times are UTC, ratings go from 1 to 10. `refs` "
    "are the numbers of a film elsewhere, as in imdb:tt0133093; `film` is its number here."
)
_LEFT_OUT: Final = (
    "Passwords, keys, tokens and what is kept of them for comparing: they would help whoever finds this file, and "
    "nobody else. Answers that are kept for a day to be repeated when a program sends the same write twice: they "
    "say what the library says. Films themselves: they are nobody's."
)
