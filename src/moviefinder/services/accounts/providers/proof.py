"""What a browser is sent away with, and what a provider says of who came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from moviefinder.errors import ProviderFailed

_NAME_LENGTH: Final = 200
_EMAIL_LENGTH: Final = 254
_CODE_LENGTH: Final = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """A sign-in that has begun."""

    location: str
    """Where the browser goes."""
    remembered: dict[str, Any]
    """What must be known when it comes back: `state`, and what else the provider's way has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Who somebody is, by a provider's word."""

    issuer: str
    subject: str
    """Their name there, which never changes; nothing else tells two people apart."""
    name: str | None
    """What to call them."""
    email: str | None
    """An address that the provider says it has verified: to show, and to write to."""


class Provider(Protocol):
    """A way to sign in by somebody else's word. All raise ProviderFailed."""

    name: str
    title: str

    def begin(self, redirect_uri: str, *, anew: bool, until: float) -> Beginning:
        """Send a browser away; `anew`: the person is to prove who they are, also where they just did."""

    def finish(
        self,
        said: Mapping[str, str],
        remembered: Mapping[str, Any],
        redirect_uri: str,
        *,
        until: float,
        now: datetime,
    ) -> Proof:
        """Make of what a browser brought back who its person is."""


def code_in(said: Mapping[str, str], title: str) -> str:
    """The code that a browser brought back.

    Raises:
        ProviderFailed: it brought an error, or nothing of use.
    """
    error = said.get("error")
    if error == "access_denied":
        raise ProviderFailed(f"{title} was not allowed to say who you are.", why="cancelled")
    if error in ("temporarily_unavailable", "server_error"):
        raise ProviderFailed(f"{title} cannot do this now. Try again in a while.", why="silent")
    if error is not None:
        raise ProviderFailed(f"{title} refused to say who you are. Its log may say why.", why="refused")
    code = said.get("code", "")
    if not 0 < len(code) <= _CODE_LENGTH:
        raise ProviderFailed(f"{title} sent you back without an answer.", why="nonsense")
    return code


def name_in(value: object) -> str | None:
    """A name that can be shown, or none."""
    if not isinstance(value, str):
        return None
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
    return shown[:_NAME_LENGTH] or None


def email_in(value: object) -> str | None:
    """An address that can be written to, or none."""
    if not isinstance(value, str) or len(value) > _EMAIL_LENGTH:
        return None
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError:
        return None
