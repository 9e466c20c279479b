"""Everybody who may come to an install, each with what a browser or program of theirs would send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from moviefinder.app import App
from moviefinder.services.accounts import emails, sessions, signing_up
from moviefinder.services.accounts.secrets import hash_of, new_secret
from moviefinder.store import models
from moviefinder.web.askers import cookie_name

ROLES: Final = (
    *("nobody", "ended cookie", "guest", "account", "fresh account", "another account", "operator"),
    *("read token", "write token"),
)
PASSWORD: Final = "four dull stones in a brook"
STALE: Final = sessions.FRESH + timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody, made anew: their number, if they have one, and the headers of a request of theirs."""

    role: str
    user_id: int | None
    headers: dict[str, str]
    session_id: int | None = None
    email: str | None = None


def come(app: App, role: str, *, secret: str | None = None) -> Person:
    """Somebody of a role, who was not there before: user, way to sign in, session or token."""
    if role == "nobody":
        return Person(role=role, user_id=None, headers={})
    cookie = f"{cookie_name(app.settings)}="
    if role == "ended cookie":
        return Person(role=role, user_id=None, headers={"Cookie": cookie + new_secret()})
    now = datetime.now(UTC)
    with app.transaction(lasting=False) as session:
        user = sessions.make_user(session, now=now)
        if role == "guest":
            asker, token = sessions.begin_session(
                session, user, way=sessions.GUEST, address="127.0.0.1", user_agent="test", now=now
            )
            headers = {"Cookie": cookie + token}
            return Person(role=role, user_id=user.id, session_id=asker.session_id, headers=headers)
        user.is_operator = role == "operator"
        email = f"somebody-{user.id}@films.example"
        signing_up.add_identity(session, user.id, emails.read(email), secret, now=now)
        if role.endswith("token"):
            key = new_secret("mf_")
            session.add(
                models.Token(
                    user_id=user.id,
                    name="test",
                    token_hash=hash_of(key),
                    scope=role.removesuffix(" token"),
                    created_at=now,
                    last_used_at=now,  # it is noted by the hour
                )
            )
            headers = {"Authorization": f"Bearer {key}"}
            return Person(role=role, user_id=user.id, headers=headers, email=email)
        signed_in = now if role in ("fresh account", "operator") else now - STALE
        asker, token = sessions.begin_session(
            session, user, way="password", address="127.0.0.1", user_agent="test", now=signed_in
        )
        return Person(
            role=role,
            user_id=user.id,
            session_id=asker.session_id,
            headers={"Cookie": cookie + token},
            email=email,
        )
