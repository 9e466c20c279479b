"""E-mail addresses: as they are written, and in the one form in which they are compared."""

from __future__ import annotations

from dataclasses import dataclass

from moviefinder.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """An address. Who proves it is whoever reads mail to `written`; `folded` merely finds them again."""

    written: str
    folded: str


def read(text: str) -> Email:
    """The address that somebody wrote. Nobody is asked whether it is there: that is what a mail finds out.

    Two that fold alike are one to us, and mail goes to the one that was proved, never to the one that was typed: a
    look-alike gets nobody's mail.

    Raises:
        Invalid: it cannot be one.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        raise Invalid("This is no e-mail address. Write it as in name@example.org.", field="email") from error
    written = found.normalized
    folded = f"{found.local_part.casefold()}@{found.ascii_domain.lower()}"
    if max(len(written), len(folded)) > 254:
        raise Invalid("This e-mail address is too long: it may have 254 characters.", field="email")
    return Email(written=written, folded=folded)


def fold(text: str) -> str:
    """The form in which an address is looked for; what is no address folds to something that nobody has."""
    try:
        return read(text).folded
    except Invalid:
        return f"?{text.strip().casefold()}"
