"""Facebook: its own OAuth 2, three calls of the Graph API, and the signed requests that it sends.

No ID token and no PKCE: of both its documentation speaks for other kinds of client alone. What binds the code to the
browser is `state`, to this install its secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from moviefinder import strict_json
from moviefinder.config import ProviderSettings
from moviefinder.errors import Malformed, ProviderFailed, WrongSecret
from moviefinder.services.accounts.attempts import Attempt
from moviefinder.services.accounts.providers.calling import Call, Caller, host_of, origin_of
from moviefinder.services.accounts.providers.proof import Beginning, Proof, code_in, email_in, name_in
from moviefinder.services.accounts.secrets import new_secret

ISSUER: Final = "https://www.facebook.com"
DIALOG: Final = "https://www.facebook.com"
GRAPH: Final = "https://graph.facebook.com"
SCOPE: Final = "public_profile,email"

ASKED_WITHIN: Final = timedelta(days=1)
"""A signed request that was made longer ago is no longer taken."""
_AHEAD: Final = timedelta(minutes=5)
_REQUEST_LENGTH: Final = 5_000

_ID: Final = re.compile(r"[0-9]{1,64}")
_SIGNED: Final = re.compile(r"([A-Za-z0-9_-]{43})=?\.([A-Za-z0-9_-]+={0,2})")


class FacebookProvider:
    """Signing in with Facebook."""

    name = "facebook"

    def __init__(self, settings: ProviderSettings, call: Caller) -> None:
        self.title = settings.title or "Facebook"
        self._settings, self._call = settings, call
        self._dialog = (settings.dialog or DIALOG).rstrip("/")
        self._graph = (settings.address or GRAPH).rstrip("/")
        self._written = origin_of(settings.address) if settings.address else ""
        self._secret = settings.client_secret.get_secret_value()

    def begin(self, redirect_uri: str, *, anew: bool, until: float) -> Beginning:
        """Send a browser to the dialog; nobody is asked anything before."""
        state = new_secret()
        more = {"auth_type": "reauthenticate"} if anew else {}
        location, _ = self._client(redirect_uri, until).create_authorization_url(
            f"{self._dialog}/{self._settings.version}/dialog/oauth", state=state, **more
        )
        return Beginning(location=location, remembered={"state": state})

    def finish(
        self,
        said: Mapping[str, str],
        remembered: Mapping[str, Any],
        redirect_uri: str,
        *,
        until: float,
        now: datetime,
    ) -> Proof:
        """Exchange the code, and ask who the token is of."""
        from authlib.common.errors import AuthlibBaseError

        code, graph = code_in(said, self.title), f"{self._graph}/{self._settings.version}"
        try:
            token = self._client(redirect_uri, until).fetch_token(
                f"{graph}/oauth/access_token",
                method="GET",
                grant_type="authorization_code",
                code=code,
                client_secret=self._secret,
            )
            access_token = token["access_token"]
            call = self._calling(until)
            me = self._me(call, f"{graph}/me", access_token)
            if not isinstance(me["id"], str) or not _ID.fullmatch(me["id"]):
                raise ValueError("no number of a person")
        except (AuthlibBaseError, LookupError, ValueError, TypeError, AttributeError) as error:
            raise ProviderFailed(f"{self.title} answered what cannot be believed.", why="nonsense") from error
        return Proof(
            issuer=ISSUER,
            subject=me["id"],
            name=name_in(me.get("name")),
            email=email_in(
                me.get("email")
            ),  # there may be none: an account can be made with a telephone alone
        )

    def _me(self, call: Call, url: str, access_token: str) -> dict[str, Any]:
        """Who a token is of; the proof shows that it is used by who has the app's secret."""
        from urllib.parse import urlencode

        proof = hmac.new(self._secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()
        asked = {"fields": "id,name,email", "access_token": access_token, "appsecret_proof": proof}
        found: dict[str, Any] = call.get_json(f"{url}?{urlencode(asked)}")
        return found

    def _calling(self, until: float) -> Call:
        return self._call(self.title, host_of(self._graph), self._written, until)

    def _client(self, redirect_uri: str, until: float) -> Any:
        from authlib.oauth2.client import OAuth2Client

        return OAuth2Client(
            self._calling(until),
            client_id=self._settings.client_id,
            token_endpoint_auth_method="none",  # noqa: S106  # a way's name; the secret is a parameter of the call
            scope=SCOPE,
            redirect_uri=redirect_uri,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a signed request says."""

    person: str
    """The number of whom it is about, as this app knows them."""
    issued_at: float
    """Seconds since 1970."""


def asked(
    signed_request: str,
    secret: str,
    attempt: Attempt,  # noqa: ARG001  # that it was counted is what it is for
    *,
    now: datetime,
) -> Asked:
    """What a signed request says, if it is Facebook's.

    Args:
        signed_request: `<base64url signature>.<base64url JSON>`, as Facebook posts it.
        secret: the app's.
        attempt: that this was counted.
        now: the time.

    Raises:
        WrongSecret: it was not signed with the secret, or too long ago, or says something else than who.
    """
    refused = WrongSecret("This request was not signed by Facebook for this app, or is too old.")
    found = _SIGNED.fullmatch(signed_request) if len(signed_request) <= _REQUEST_LENGTH else None
    if found is None:
        raise refused
    signature, payload = found.groups()
    expected = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()
    try:
        given = _decoded(signature)
        if not hmac.compare_digest(expected, given):
            raise refused
        told = strict_json.parse(_decoded(payload), name="signed_request", values=100)
    except (Malformed, ValueError) as error:
        raise refused from error
    if not isinstance(told, dict) or str(told.get("algorithm", "")).upper() != "HMAC-SHA256":
        raise refused
    person, issued_at = told.get("user_id"), told.get("issued_at")
    if not isinstance(person, str) or not _ID.fullmatch(person):
        raise refused
    if not isinstance(issued_at, int | float) or isinstance(issued_at, bool):
        raise refused
    age = now.timestamp() - issued_at
    if not -_AHEAD.total_seconds() <= age <= ASKED_WITHIN.total_seconds():
        raise refused
    return Asked(person=person, issued_at=issued_at)


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
