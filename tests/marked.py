"""A person of whom something is kept in every place where anything of a person can be, and who can be found there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table, insert, select

from moviefinder.app import App
from moviefinder.services import answers, library, track
from moviefinder.services.accounts import attempts, tokens
from moviefinder.services.accounts.secrets import hash_of, new_secret
from moviefinder.services.mail import post
from moviefinder.store import limits, models

NUMBER: Final = 987_654_321
GUEST: Final = 987_654_322
EMAIL: Final = "Wanda.Zweistein@Films.Example"
FOLDED: Final = "wanda.zweistein@films.example"
NAME: Final = "Wanda Zweistein"
ADDRESS: Final = "203.0.113.77"
SECRET: Final = "$argon2id$kept-for-comparing"
SIGNS: Final = (str(NUMBER), str(GUEST), "zweistein", ADDRESS, "wandabrowser", "argon2id$kept")
"""By which everything of the person is known, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What a browser and a program of the person's would send, as headers."""

    cookie: dict[str, str]
    bearer: dict[str, str]
    secrets: tuple[str, ...]
    """What they carry, which nobody else may see."""


def settle(app: App, *, now: datetime) -> Marked:
    """Make the person, with an account, ways in, sessions, tokens, mails, a guest brought along, and answers."""
    cookie, invited = new_secret(), new_secret()
    attempts.attempt(app, "sign_in", account=FOLDED, address="198.51.100.1", now=now)
    attempts.attempt(app, "again", account=f"user:{NUMBER}", address="198.51.100.1", now=now)
    with app.transaction() as session:
        session.add(_user(NUMBER, now, display_name=NAME, locale="de", country="DE", is_operator=True))
        session.flush()
        session.add(guest := _user(GUEST, now))
        session.flush()
        session.add_all(_belongings(cookie, invited, now))
        session.flush()
        _, bearer = tokens.make(session, NUMBER, name=f"{NAME}'s script", scope="write", now=now)
        opening = models.MailLink(
            purpose="email",
            user_id=NUMBER,
            email="wanda.new@zweistein.example",
            data={"old": FOLDED},
            created_at=now,
            expires_at=now + timedelta(hours=1),
        )
        session.add(opening)
        session.flush()
        post(session, EMAIL, "password_changed", language="de", user_id=NUMBER, now=now, address=ADDRESS)
        post(session, opening.email, "email_change", language="de", user_id=NUMBER, link=opening, now=now)
        post(session, EMAIL, "known", language="de", now=now, address=ADDRESS)
        films = list(session.scalars(select(models.Film.id).order_by(models.Film.id).limit(4)))
        for film_id in films[:3]:
            library.say(session, NUMBER, film_id, {"verdict": "liked", "rating": 9}, now=now, via="page")
        library.say(session, GUEST, films[1], {"verdict": "fine", "seen_on": date(2026, 1, 2)}, now=now)
        guest.merged_into, guest.merged_at = NUMBER, now
        session.flush()
        brought = library.say(session, NUMBER, films[1], {"verdict": "fine"}, now=now, via="merge")
        session.get(models.Change, brought.change_id).guest_id = GUEST
        answers.answer(session, NUMBER, films[3], films[0], "not", now=now)
        track.note_shown(session, NUMBER, {films[3]: 1}, model="votes 1", confidence={}, now=now)
        reply = limits.RememberedReply(b"", 200, {"name": NAME})
        limits.remember(session, NUMBER, "a key of hers", reply, now=now)
    return Marked(
        cookie={"Cookie": f"moviefinder={cookie}"},
        bearer={"Authorization": f"Bearer {bearer}"},
        secrets=(cookie, bearer, invited, SECRET, hash_of(cookie).hex()),
    )


def _user(number: int, now: datetime, **more: Any) -> models.User:
    values = {"settings": {}, "is_operator": False, "created_at": now, "last_seen_at": now}
    return models.User(id=number, **(values | more))


def _belongings(cookie: str, invited: str, now: datetime) -> list[models.Base]:
    soon = now + timedelta(hours=1)
    mine = {"user_id": NUMBER, "created_at": now}
    return [
        models.Identity(
            **mine,
            provider="password",
            issuer="password",
            subject=FOLDED,
            email=EMAIL,
            secret=SECRET,
            failed_count=3,
        ),
        models.Identity(
            **mine, provider="club", issuer="https://id.example", subject="zweistein-17", failed_count=0
        ),
        models.Passkey(
            **mine,
            user_handle=b"zweistein's handle",
            credential_id=b"zweistein's key",
            public_key=b"zweistein's public key",
            sign_count=1,
            name=f"{NAME}'s phone",
        ),
        models.Session(
            **mine,
            token_hash=hash_of(cookie),
            last_seen_at=now,
            expires_at=soon,
            user_agent="WandaBrowser/1.0",
            address=ADDRESS,
            way="password",
            fresh_at=now,
        ),
        models.MailLink(  # somebody who signs up with her address, and has not shown that it is theirs
            purpose="confirm", email=FOLDED, data={"name": NAME}, created_at=now, expires_at=soon
        ),
        models.Flow(**mine, token_hash=b"zweistein", purpose="link", data={"name": NAME}, expires_at=soon),
        models.Invitation(
            token_hash=hash_of(invited),
            note=f"for {NAME}",
            used_by=NUMBER,
            created_at=now,
            expires_at=soon,
            used_at=now,
        ),
        models.Invitation(
            token_hash=b"made by her", note="for a friend", made_by=NUMBER, created_at=now, expires_at=soon
        ),
        models.SourceSwitch(source="wikidata", is_on=False, switched_by=NUMBER, switched_at=now),
    ]


def fill(app: App, n: int, *, now: datetime) -> None:
    """Give her a library of so many films more, a change and a showing of each."""
    at = {"created_at": now, "updated_at": now}
    answered = {"seen": True, "taste": True, "said": {"seen": now.isoformat()}, "version": 1, **at}
    changed = {"before": {"seen": False}, "after": {"seen": True}, "said_at": now, "via": "page"}
    seen = {"first_at": now, "last_at": now, "rank": 1, "model": "votes 1"}
    film = {"kind": "movie", "sources": {}, "created_at": now}
    ids = range(1_000, 1_000 + n)
    with app.transaction() as session:
        session.connection().execute(
            insert(models.Film), [{"id": one, "title": f"=Film {one}", **film} for one in ids]
        )
        for table, values in ((models.UserFilm, answered), (models.Change, changed), (models.Shown, seen)):
            mine = {"user_id": NUMBER, **values}
            session.connection().execute(insert(table), [{"film_id": one, **mine} for one in ids])


def found_in_tables(app: App) -> dict[str, list[str]]:
    """By table, the values in which a sign of the person is found; every column of every row is looked at."""
    found: dict[str, list[str]] = {}
    with app.reading() as session:
        for table in models.Base.metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                for column, value in row.items():
                    if any(sign in _text(value) for sign in SIGNS):
                        found.setdefault(table.name, []).append(f"{column}: {value!r}")
    return found


def found_in_files(app: App) -> dict[str, list[str]]:
    """By file of the data folder, the signs of the person in its name or its bytes."""
    found = {}
    for path in app.settings.data.rglob("*"):
        held = path.name.lower().encode() + (path.read_bytes().lower() if path.is_file() else b"")
        # Numbers are binary in the database's file, and such bytes may be anything's: tables are searched for them.
        if signs := [sign for sign in SIGNS if sign.encode() in held]:
            found[str(path.relative_to(app.settings.data))] = signs
    return found


def tables_of_people() -> list[Table]:
    """The tables that name a user."""
    users = models.Base.metadata.tables["users"]
    return [
        table
        for table in models.Base.metadata.sorted_tables
        if any(key.column.table is users for key in table.foreign_keys) or table is users
    ]


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1").lower()
    return str(value).lower()
