"""Every table on one page.

Times are UTC. Integer keys are our own; what others number stands in `external_ids`. What a person said is never
derived from anything; the film tables can be rebuilt from the sources.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite keeps it without the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Names constraints, so that a migration can find them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcTime,
        date: Date,
        dict[str, Any]: JSON(none_as_null=True),
        bytes: LargeBinary,
        float: Float,
    }


def _of_user() -> Mapped[int]:
    return mapped_column(ForeignKey("users.id", ondelete="CASCADE"))


def _of_film(*, primary_key: bool = False) -> Mapped[int]:
    return mapped_column(ForeignKey("films.id", ondelete="CASCADE"), primary_key=primary_key)


# People who use MovieFinder


class User(Base):
    __tablename__ = "users"
    __table_args__ = {"sqlite_autoincrement": True}  # an erased user's number is never given again
    id: Mapped[int] = mapped_column(primary_key=True)
    display_name: Mapped[str | None] = mapped_column(String(200))
    locale: Mapped[str | None] = mapped_column(String(35))
    country: Mapped[str | None] = mapped_column(String(2))
    settings: Mapped[dict[str, Any]]
    is_operator: Mapped[bool]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    asks_passkey: Mapped[bool] = mapped_column(server_default=false())  # a password alone is not enough
    merged_into: Mapped[int | None] = mapped_column(  # the account that this guest was brought along to
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    merged_at: Mapped[datetime | None]  # its rows are kept for a day, for undoing


class Identity(Base):
    """One way to sign in that another party or an e-mail address vouches for.

    Told apart by who issued it and the name it has there, never by an e-mail address that somebody else claims. Of a
    password the issuer is `password`, the subject the folded e-mail address, the secret Argon2's hash.
    """

    __tablename__ = "identities"
    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str] = mapped_column(String(20))  # its name in the settings; `password`
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    secret: Mapped[str | None] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(254))  # as it was written; to show, and to write to
    failed_count: Mapped[int]  # wrong passwords in a row
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class Passkey(Base):
    """A WebAuthn credential."""

    __tablename__ = "passkeys"
    __table_args__ = {"sqlite_autoincrement": True}
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    user_handle: Mapped[bytes]  # random; the same for all passkeys of a person
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)  # 32 bits without a sign
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class Token(Base):
    """A person's key for a program. Only the SHA-256 is kept."""

    __tablename__ = "tokens"
    __table_args__ = (
        CheckConstraint("scope IN ('read', 'write')", name="scope"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    scope: Mapped[str] = mapped_column(String(5))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class MailLink(Base):
    """What somebody who reads a mailbox may do, once. The token is made when the mail is sent; its SHA-256 is kept."""

    __tablename__ = "mail_links"
    __table_args__ = (
        CheckConstraint("purpose IN ('confirm', 'reset', 'email', 'unlock', 'operator')", name="purpose"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(12))
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )  # whose it is, where it is already somebody's
    email: Mapped[str] = mapped_column(String(254), index=True)  # folded: which are void now?
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)  # which are over?


class Mail(Base):
    """A mail that waits to be sent; gone once it is."""

    __tablename__ = "mails"
    __table_args__ = {"sqlite_autoincrement": True}
    id: Mapped[int] = mapped_column(primary_key=True)
    to: Mapped[str] = mapped_column(String(254))
    template: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(35))
    data: Mapped[dict[str, Any]]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    link_id: Mapped[int | None] = mapped_column(ForeignKey("mail_links.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]


class Invitation(Base):
    """Leave to make one account. Only the SHA-256 of its token is kept."""

    __tablename__ = "invitations"
    __table_args__ = {"sqlite_autoincrement": True}
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    note: Mapped[str] = mapped_column(String(80))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    used_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)  # which are over?
    used_at: Mapped[datetime | None]


class Flow(Base):
    """What one browser has begun and must come back with: a sign-in elsewhere, a passkey's challenge, a sign-up."""

    __tablename__ = "flows"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(12))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)  # which are over?


class Erasure(Base):
    """That somebody was erased because another party asked for it; the code says when, and nothing of whom."""

    __tablename__ = "erasures"
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    asked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Session(Base):
    """One browser that somebody uses. Only the SHA-256 of its token is kept."""

    __tablename__ = "sessions"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[int] = _of_user()
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)  # which are over?
    user_agent: Mapped[str] = mapped_column(String(300))
    address: Mapped[str] = mapped_column(String(64))
    way: Mapped[str] = mapped_column(
        String(20), server_default="guest"
    )  # how it was signed in: password, passkey, a provider's name
    fresh_at: Mapped[datetime | None]  # when the person last proved who they are


class Limit(Base):
    """How often something was done in a window; counted for all processes alike."""

    __tablename__ = "limits"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


class Reply(Base):
    """The answer to a write that named an Idempotency-Key, remembered for a day."""

    __tablename__ = "replies"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_hash: Mapped[bytes]
    status: Mapped[int]
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)  # which are older than a day?


# Films and what is known of them


class Film(Base):
    __tablename__ = "films"
    __table_args__ = (
        CheckConstraint("kind IN ('movie', 'series')", name="kind"),
        Index("ix_films_popularity", "popularity"),  # best known first, and a random well-known one
        Index(  # which changed since a process looked?
            "ix_films_changed",
            "changed",
            sqlite_where=text("changed > 0"),
            postgresql_where=text("changed > 0"),
        ),
        Index(  # may this film be dropped?
            "ix_films_merged_into",
            "merged_into",
            sqlite_where=text("merged_into IS NOT NULL"),
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},  # bookmarks keep meaning the film they meant
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str]
    original_title: Mapped[str | None]
    year: Mapped[int | None]
    end_year: Mapped[int | None]
    runtime_min: Mapped[int | None]
    certificate: Mapped[str | None] = mapped_column(String(20))
    description: Mapped[str | None]
    trailer: Mapped[str | None] = mapped_column(String(11))
    poster: Mapped[str | None]
    score: Mapped[float | None]
    votes: Mapped[int | None]
    popularity: Mapped[int | None]
    sources: Mapped[dict[str, Any]]
    fetched_at: Mapped[datetime | None]  # null: a stub, known by name only
    created_at: Mapped[datetime]
    adult: Mapped[bool] = mapped_column(server_default=false())  # never recommended
    merged_into: Mapped[int | None] = mapped_column(
        ForeignKey("films.id")
    )  # the film that this one turned out to be
    changed: Mapped[int] = mapped_column(
        server_default="0"
    )  # the number of `versions` "films" at its last change; 0: none since it was installed
    description_url: Mapped[str | None]  # the page that a quoted description is from


class ExternalId(Base):
    __tablename__ = "external_ids"
    __table_args__ = (
        Index("ix_external_ids_film_id", "film_id"),  # which references has a film?
        {"sqlite_with_rowid": False},
    )
    namespace: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(80), primary_key=True)
    film_id: Mapped[int] = _of_film()


class Title(Base):
    """A name that a film goes by; the title index is built from these rows."""

    __tablename__ = "titles"
    __table_args__ = {"sqlite_with_rowid": False}
    film_id: Mapped[int] = _of_film(primary_key=True)
    folded: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    is_main: Mapped[bool]


class Person(Base):
    """Somebody with a credit. The sources at hand name people without numbers: same name, same row."""

    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    folded: Mapped[str]


class FilmPerson(Base):
    __tablename__ = "film_people"
    __table_args__ = (
        Index("ix_film_people_person_id_film_id", "person_id", "film_id"),  # which films is somebody in?
        {"sqlite_with_rowid": False},
    )
    film_id: Mapped[int] = _of_film(primary_key=True)
    role: Mapped[str] = mapped_column(String(10), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))


class FilmGenre(Base):
    __tablename__ = "film_genres"
    __table_args__ = {"sqlite_with_rowid": False}
    film_id: Mapped[int] = _of_film(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40))


class FilmLanguage(Base):
    __tablename__ = "film_languages"
    __table_args__ = {"sqlite_with_rowid": False}
    film_id: Mapped[int] = _of_film(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(35))


class FilmCountry(Base):
    __tablename__ = "film_countries"
    __table_args__ = {"sqlite_with_rowid": False}
    film_id: Mapped[int] = _of_film(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(2))


class SimilarList(Base):
    """A film's neighbours by one source, best first: int32 film ids and uint8 weights, packed little-endian."""

    __tablename__ = "similar_lists"
    film_id: Mapped[int] = _of_film(primary_key=True)
    source: Mapped[str] = mapped_column(String(20), primary_key=True)
    ids: Mapped[bytes]
    weights: Mapped[bytes]
    fetched_at: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)  # which must be asked for again, or go?


class Fact(Base):
    """What one source said of a film; the film is merged from these, and `films.sources` says which one won a field."""

    __tablename__ = "facts"
    film_id: Mapped[int] = _of_film(primary_key=True)
    source: Mapped[str] = mapped_column(String(20), primary_key=True)
    record: Mapped[dict[str, Any]]
    is_whole: Mapped[bool]  # false: what a search or a list of neighbours told
    fetched_at: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)  # which must be asked for again, or go?


class Poster(Base):
    """A film's poster in our own cache; its files are named by the hash and the width."""

    __tablename__ = "posters"
    film_id: Mapped[int] = _of_film(primary_key=True)
    source: Mapped[str] = mapped_column(String(20))
    pointer: Mapped[str]  # into the source's images
    hash: Mapped[str] = mapped_column(String(64), index=True)  # is this file still somebody's?
    bytes: Mapped[int]
    fetched_at: Mapped[datetime]
    used_at: Mapped[datetime] = mapped_column(index=True)  # which were not wanted for longest?


class Version(Base):
    """What is installed or built: catalogue, model, titles. A shelf that holds an older number loads anew."""

    __tablename__ = "versions"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int]
    data: Mapped[dict[str, Any]]


# What leaves this machine


class SourceSwitch(Base):
    """What was switched on or off on the page; settings win over it."""

    __tablename__ = "source_switches"
    source: Mapped[str] = mapped_column(String(20), primary_key=True)
    is_on: Mapped[bool]
    switched_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    switched_at: Mapped[datetime]


class Host(Base):
    """An outside host: how often it was called, when it may be next, how it fares. All processes share the row."""

    __tablename__ = "hosts"
    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    calls: Mapped[int]
    failures: Mapped[int]  # in a row
    next_allowed_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]
    last_called_at: Mapped[datetime | None]
    last_answered_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


class KeptAnswer(Base):
    """An outside answer that may be used again: as it is while fresh, after that when its validators still hold."""

    __tablename__ = "kept_answers"
    key: Mapped[bytes] = mapped_column(primary_key=True)  # SHA-256 of what was asked
    source: Mapped[str] = mapped_column(String(20), index=True)  # which go when a source is switched off?
    body: Mapped[bytes]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    fetched_at: Mapped[datetime] = mapped_column(index=True)  # which are the oldest?
    fresh_until: Mapped[datetime]


# What people said


class UserFilm(Base):
    """What one person said of one film: separate answers in one row, each with the time it was given (`said`)."""

    __tablename__ = "user_films"
    __table_args__ = (
        CheckConstraint("verdict IN ('liked', 'fine', 'disliked')", name="verdict"),
        CheckConstraint("rating BETWEEN 1 AND 10", name="rating"),
        Index("ix_user_films_user_id_updated_at", "user_id", "updated_at"),  # a person's films, newest first
        Index("ix_user_films_film_id", "film_id"),  # has anybody said anything of this film?
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    film_id: Mapped[int] = mapped_column(ForeignKey("films.id"), primary_key=True)
    verdict: Mapped[str | None] = mapped_column(String(10))
    seen: Mapped[bool]
    seen_on: Mapped[date | None]
    saved_at: Mapped[datetime | None]
    snoozed_until: Mapped[date | None]
    taste: Mapped[bool]
    rating: Mapped[int | None]
    said: Mapped[dict[str, Any]]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Change(Base):
    """One write to somebody's library, with the answers before and after: history and undo."""

    __tablename__ = "changes"
    __table_args__ = (
        Index("ix_changes_user_id_id", "user_id", "id"),  # a person's history, newest first
        Index("ix_changes_user_id_film_id_id", "user_id", "film_id", "id"),  # does a later change stand?
        Index("ix_changes_film_id", "film_id"),  # may this film be dropped?
        Index(  # what did a guest bring along?
            "ix_changes_guest_id",
            "guest_id",
            sqlite_where=text("guest_id IS NOT NULL"),
            postgresql_where=text("guest_id IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = _of_user()
    film_id: Mapped[int] = mapped_column(ForeignKey("films.id"))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    said_at: Mapped[datetime]
    via: Mapped[str] = mapped_column(String(10))
    overtaken: Mapped[dict[str, Any] | None]  # answers that were said earlier than those that stand
    undone_at: Mapped[datetime | None]
    guest_id: Mapped[int | None]  # the guest whose answer this was, brought along when they signed in


class AnsweredReason(Base):
    """What one person answered to a reason: `because_id` does not speak for `film_id`, or more of that side of it."""

    __tablename__ = "answered_reasons"
    __table_args__ = (
        CheckConstraint("say IN ('not', 'more')", name="say"),
        Index("ix_answered_reasons_film_id", "film_id"),  # has anybody said anything of this film?
        Index("ix_answered_reasons_because_id", "because_id"),  # the same, of the film that was named
        {"sqlite_with_rowid": False},
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    film_id: Mapped[int] = mapped_column(ForeignKey("films.id"), primary_key=True)
    because_id: Mapped[int] = mapped_column(ForeignKey("films.id"), primary_key=True)
    say: Mapped[str] = mapped_column(String(4))
    said_at: Mapped[datetime]


class Shown(Base):
    """A film that one person saw recommended; rank, confidence and model are those of the first time."""

    __tablename__ = "shown"
    __table_args__ = (
        CheckConstraint("confidence IN ('sure_bet', 'likely', 'long_shot')", name="confidence"),
        Index("ix_shown_film_id", "film_id"),  # which rows go with a film that is dropped?
        Index("ix_shown_last_at", "last_at"),  # which were last shown long ago?
        {"sqlite_with_rowid": False},
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    film_id: Mapped[int] = _of_film(primary_key=True)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    rank: Mapped[int]
    confidence: Mapped[str | None] = mapped_column(String(10))
    model: Mapped[str] = mapped_column(String(80))


# Queued work


class Job(Base):
    """Work to do behind the scenes. The row is the truth; a bell only says that there is one."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
        Index(
            "uq_jobs_open_kind_key",  # asking twice for the same open work is asking once
            "kind",
            "key",
            unique=True,
            sqlite_where=text("state IN ('queued', 'running')"),
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
        Index("ix_jobs_state_priority_run_after", "state", "priority", "run_after"),  # which is next?
        Index(  # is anything being fetched for this film? and which go with a film that is dropped?
            "ix_jobs_film_id",
            "film_id",
            sqlite_where=text("film_id IS NOT NULL"),
            postgresql_where=text("film_id IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10))
    priority: Mapped[int]
    run_after: Mapped[datetime]
    attempts: Mapped[int]
    deaths: Mapped[int]
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    claims: Mapped[int] = mapped_column(
        server_default="0"
    )  # a settling that names an older claim comes too late
    film_id: Mapped[int | None] = mapped_column(ForeignKey("films.id", ondelete="CASCADE"))
