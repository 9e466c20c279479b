"""Everything that MovieFinder raises on purpose.

MovieFinderError        anything below; its message says what happened, to what, and what to do
├── NotFound            there is no such film, entry, change or address
│   ├── FilmNotFound    no film has this id or reference
│   ├── EntryNotFound   nothing was said of this film by this user
│   ├── ChangeNotFound  this user made no such change
│   └── JobNotFound     no failed job has this id
├── Conflict            what was asked for no longer fits what is stored
│   ├── Stale           the record was changed since the version that the caller named
│   ├── NotAReason      a film that the person does not like is no reason, and needs no answer
│   ├── Full            the person keeps as many as are kept
│   ├── LinkVoid        the link of a mail, an invitation or a code was used, replaced, or is too old
│   ├── IdentityTaken   this way to sign in belongs to somebody else here
│   └── LastWayIn       without it nobody could sign in to this account
├── NotAllowed          the asker may not do this
│   ├── SessionEnded    the cookie or token names a session that is unknown or over
│   ├── SignInNeeded    only somebody with a session may
│   ├── SignInAgain     only somebody who has just proved who they are may
│   ├── WrongSecret     what should prove who somebody is does not
│   ├── NoRegistration  this install takes no new accounts, guests, or only invited ones
│   ├── CrossSite       a write that another site may have caused
│   └── UnknownHost     the request names a host that is not ours
├── Invalid             a value that cannot be used; names the field and the remedy
│   └── Malformed       bytes that are not the JSON we accept
├── TooMany             a limit was reached; says when to come back
├── Busy                the database cannot take a write now; nothing was changed
├── ProviderFailed      a sign-in provider does not answer, refuses us, or answers what cannot be believed
├── CannotStart         a set-up that cannot run: folder, port or schema
├── MailUnavailable     the mail server takes nothing now; the mail is kept and tried again
├── MailRefused         the mail server will not take this mail, today or tomorrow
└── SourceError         an outside service that knows films failed, or may not be asked
    ├── SourceUnavailable   it does not answer now; may say when to ask again
    │   └── NotYet          our own pace or a break keeps us from asking; nothing was sent
    ├── SourceRefused       it does not want us: a wrong key, a challenge, a block; the operator must look
    ├── SourceNonsense      what it answered cannot be used; what is stored stays
    └── SourceOff           nobody has switched it on, or the install is offline

Each class is one problem type of the API (`web/problems.py`) and one exit code of the command line (2 for CannotStart
and Invalid, 1 for the rest). The worker tries a job that raised again later: after `retry_after_s` where that is set.
"""

from __future__ import annotations

from typing import Any, ClassVar


class MovieFinderError(Exception):
    """Anything that MovieFinder raises on purpose."""

    problem: ClassVar[str] = "failed"
    title: ClassVar[str] = "Failed"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_s = retry_after_s
        self.more: dict[str, Any] = {}
        """Further members of the problem document."""


class NotFound(MovieFinderError):
    """There is no such film, entry, change or address."""

    problem, title, status = "not-found", "Not found", 404


class FilmNotFound(NotFound):
    """No film has this id or reference."""

    problem, title = "film-not-found", "No such film"

    def __init__(self, film: object) -> None:
        what = "id" if isinstance(film, int) else "reference"
        super().__init__(f"No film has the {what} {film}.")


class EntryNotFound(NotFound):
    """Nothing was said of this film by this user."""

    problem, title = "entry-not-found", "Nothing said of this film"


class ChangeNotFound(NotFound):
    """This user made no such change."""

    problem, title = "change-not-found", "No such change"


class JobNotFound(NotFound):
    """No failed job has this id."""

    problem, title = "job-not-found", "No such failed job"

    def __init__(self, job_id: int) -> None:
        super().__init__(f"No failed job has the id {job_id}. It may have been tried again already.")


class Conflict(MovieFinderError):
    """What was asked for no longer fits what is stored."""

    problem, title, status = "conflict", "Overtaken by a later change", 409


class Stale(Conflict):
    """The record was changed since the version that the caller named."""

    problem, title, status = "stale", "Changed since you read it", 412


class NotAReason(Conflict):
    """A film that the person does not like is no reason, and needs no answer."""

    problem, title = "not-a-reason", "Not a reason"


class Full(Conflict):
    """The person keeps as many as are kept."""

    problem, title = "full", "No room for another"


class LinkVoid(Conflict):
    """The link of a mail, an invitation or a code was used, replaced, or is too old."""

    problem, title = "link-void", "This link does not work any more"


class IdentityTaken(Conflict):
    """This way to sign in belongs to somebody else here."""

    problem, title = "identity-taken", "Belongs to another account"


class LastWayIn(Conflict):
    """Without it nobody could sign in to this account."""

    problem, title = "last-way-in", "The last way to sign in"


class NotAllowed(MovieFinderError):
    """The asker may not do this."""

    problem, title, status = "not-allowed", "Not allowed", 403


class SessionEnded(NotAllowed):
    """The cookie names a session that is unknown or over."""

    problem, title, status = "session-ended", "Your session has ended", 401


class SignInNeeded(NotAllowed):
    """Only somebody with a session may."""

    problem, title, status = "sign-in-needed", "Sign in first", 401


class SignInAgain(NotAllowed):
    """Only somebody who has just proved who they are may."""

    problem, title = "sign-in-again", "Sign in once more"


class WrongSecret(NotAllowed):
    """What should prove who somebody is does not."""

    problem, title = "wrong-secret", "That did not match"


class NoRegistration(NotAllowed):
    """This install takes no new accounts, guests, or only invited ones."""

    problem, title = "no-registration", "No new accounts here"


class CrossSite(NotAllowed):
    """A write that another site may have caused."""

    problem, title = "cross-site", "Write from another site refused"


class UnknownHost(NotAllowed):
    """The request names a host that is not ours."""

    problem, title, status = "unknown-host", "Unknown host name", 421


class Invalid(MovieFinderError):
    """A value that cannot be used; names the field and the remedy."""

    problem, title, status = "invalid", "Invalid value", 422

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Malformed(Invalid):
    """Bytes that are not the JSON we accept."""

    problem, title, status = "malformed", "Not the JSON we accept", 400


class TooMany(MovieFinderError):
    """A limit was reached; says when to come back."""

    problem, title, status = "too-many", "Too many requests", 429


class Busy(MovieFinderError):
    """The database cannot take a write now; nothing was changed."""

    problem, title, status = "busy", "Cannot store this now", 503


class ProviderFailed(MovieFinderError):
    """A sign-in provider does not answer, refuses us, or answers what cannot be believed; not a fault of ours."""

    problem, title, status = "provider-failed", "Signing in elsewhere failed", 424

    def __init__(self, message: str, *, why: str) -> None:
        super().__init__(message)
        self.why = why
        """In one word: silent, refused, nonsense, cancelled."""
        self.more = {"why": why}


class CannotStart(MovieFinderError):
    """A set-up that cannot run: folder, port or schema."""

    problem, title = "cannot-start", "Cannot start"


class MailUnavailable(MovieFinderError):
    """The mail server takes nothing now; the mail is kept and tried again."""

    problem, title, status = "mail-unavailable", "The mail server takes nothing now", 503


class MailRefused(MovieFinderError):
    """The mail server will not take this mail, today or tomorrow."""

    problem, title, status = "mail-refused", "The mail server refuses this mail", 502


class SourceError(MovieFinderError):
    """An outside service that knows films failed."""

    problem, title, status = "source-error", "A film source failed", 502


class SourceUnavailable(SourceError):
    """It does not answer now; may say when to ask again."""

    problem, title, status = "source-unavailable", "A film source does not answer", 503


class NotYet(SourceUnavailable):
    """Our own pace or a break keeps us from asking; nothing was sent, and it counts as no attempt."""

    problem, title, status = "not-yet", "Too soon to ask again", 503


class SourceRefused(SourceError):
    """It does not want us: a wrong key, a challenge, a block; the operator must look."""

    problem, title = "source-refused", "A film source refuses us"


class SourceNonsense(SourceError):
    """What it answered cannot be used; what is stored stays."""

    problem, title = "source-nonsense", "A film source answered nonsense"


class SourceOff(SourceError):
    """Nobody has switched it on, or the install is offline."""

    problem, title, status = "source-off", "This film source is off", 409
