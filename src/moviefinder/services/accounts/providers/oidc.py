"""OpenID Connect: any provider that describes itself (Core 1.0 and Discovery 1.0; RFC 7636, RFC 9207, RFC 9700).

The browser carries a code and nothing else; it is exchanged from here, with the verifier that only we know.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

from moviefinder.config import ProviderSettings
from moviefinder.errors import ProviderFailed, SourceNonsense
from moviefinder.log import get_logger
from moviefinder.services.accounts.providers import id_tokens
from moviefinder.services.accounts.providers.calling import Call, Caller, host_of, origin_of
from moviefinder.services.accounts.providers.keeping import AGAIN_S, Kept
from moviefinder.services.accounts.providers.proof import Beginning, Proof, code_in, email_in, name_in
from moviefinder.services.accounts.secrets import new_secret

DESCRIPTION: Final = "/.well-known/openid-configuration"
_AUTHORIZE_LENGTH: Final = 1_000

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a provider says of itself, checked."""

    authorize: str
    """Where browsers go,"""
    token: str
    """where codes are exchanged,"""
    keys: str
    """and where its public keys are."""
    way: str
    """How the client says who it is where codes are exchanged."""
    people: str | None
    """Where more is told of a person than the ID token says, in the words of Core 1.0, 5.3."""
    names_itself: bool
    """It promises to say who sends a browser back (RFC 9207)."""
    can_ask_anew: bool


class OidcProvider:
    """One provider, and what it told of itself; used by many threads."""

    def __init__(
        self,
        name: str,
        settings: ProviderSettings,
        call: Caller,
        *,
        again_s: float = AGAIN_S,
    ) -> None:
        self.name, self.title = name, settings.title or name.capitalize()
        self._settings, self._origin = settings, origin_of(settings.issuer)
        self._call = call
        self._description: Kept[Description] = Kept(again_s=again_s)
        self._keys: Kept[Any] = Kept(again_s=again_s)

    def begin(self, redirect_uri: str, *, anew: bool, until: float) -> Beginning:
        """Send a browser away."""
        told = self._described(until)
        state, nonce, verifier = new_secret(), new_secret(), new_secret()
        asks_anew = anew and told.can_ask_anew
        more = {"prompt": "login"} if asks_anew else {}
        client = self._client(told, redirect_uri, self._calling(until))
        try:
            location, _ = client.create_authorization_url(
                told.authorize, state=state, code_verifier=verifier, nonce=nonce, **more
            )
        except ValueError as error:  # a query that is none
            raise self._nonsense("its sign-in page has no address") from error
        remembered = {"state": state, "nonce": nonce, "verifier": verifier}
        return Beginning(
            location=location,
            remembered=remembered | ({"since": time.time()} if asks_anew else {}),
        )

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
        told = self._described(until)
        issuer = said.get("iss")
        if issuer != self._settings.issuer and (issuer is not None or told.names_itself):
            raise self._nonsense("somebody else sent the browser back")
        code = code_in(said, self.title)
        token = self._exchanged(told, code, remembered, redirect_uri, until)
        since = remembered.get("since")
        claims = self._believed(
            told,
            token,
            until,
            nonce=remembered["nonce"],
            now=now,
            signed_in_since=None if since is None else datetime.fromtimestamp(since, UTC),
        )
        told_more = claims if {"name", "email"} & claims.keys() else self._person(told, token, claims, until)
        return Proof(
            issuer=self._settings.issuer,
            subject=claims["sub"],
            name=name_in(told_more.get("name")),
            email=email_in(told_more.get("email")) if told_more.get("email_verified") is True else None,
        )

    def _person(
        self, told: Description, token: Mapping[str, Any], claims: Mapping[str, Any], until: float
    ) -> Mapping[str, Any]:
        """Name and address, from where some providers tell them alone; nobody is kept out for want of them."""
        if told.people is None:
            return claims
        try:
            found = self._calling(until).get_json(
                told.people, headers={"Authorization": f"Bearer {token['access_token']}"}
            )
        except ProviderFailed:
            return claims
        is_theirs = (
            isinstance(found, dict) and found.get("sub") == claims["sub"]
        )  # else it is of somebody else
        return found if is_theirs else claims

    def _exchanged(
        self, told: Description, code: str, remembered: Mapping[str, Any], redirect_uri: str, until: float
    ) -> Mapping[str, Any]:
        """The tokens that the code stands for."""
        from authlib.common.errors import AuthlibBaseError

        client = self._client(told, redirect_uri, self._calling(until))
        try:
            token = client.fetch_token(
                told.token, grant_type="authorization_code", code=code, code_verifier=remembered["verifier"]
            )
        except (AuthlibBaseError, ValueError, TypeError) as error:
            raise self._nonsense("the code was answered with no token") from error
        access_token = token.get("access_token") if isinstance(token, Mapping) else None
        if not isinstance(access_token, str) or not (access_token.isascii() and access_token.isprintable()):
            raise self._nonsense("the code was answered with no token")
        return dict(token)

    def _believed(
        self, told: Description, token: Mapping[str, Any], until: float, **must: Any
    ) -> dict[str, Any]:
        """The claims of the ID token; where no known key fits, the keys are asked for once more."""
        for anew in (False, True):
            keys = self._keys.get(lambda: self._calling(until).get_json(told.keys), until=until, anew=anew)
            try:
                return id_tokens.believed(
                    token.get("id_token"),
                    keys=keys,
                    issuer=self._settings.issuer,
                    client_id=self._settings.client_id,
                    access_token=token["access_token"],
                    **must,
                )
            except id_tokens.UnknownKey as error:
                if anew:
                    raise self._nonsense(error.message) from error
            except id_tokens.Unbelievable as error:
                raise self._nonsense(error.message) from error
        raise AssertionError("the second time ends it")

    def _described(self, until: float) -> Description:
        def fetch() -> Description:
            call = self._calling(until)
            document = call.get_json(self._settings.issuer.rstrip("/") + DESCRIPTION)
            return self._checked(document, call)

        return self._description.get(fetch, until=until)

    def _checked(self, document: Any, call: Call) -> Description:
        """What a provider says of itself, if all of it can be used (Discovery 1.0, 3 and 4.3)."""
        if not isinstance(document, dict) or document.get("issuer") != self._settings.issuer:
            raise self._nonsense(
                "it describes another issuer than the setting 'issuer' names, letter by letter"
            )
        addresses = [document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if not all(isinstance(address, str) and len(address) <= _AUTHORIZE_LENGTH for address in addresses):
            raise self._nonsense("it does not say where to go")
        authorize, token, keys = map(str, addresses)
        people = document.get("userinfo_endpoint")
        people = people if isinstance(people, str) else None
        try:
            for address in (token, keys, *([people] if people else [])):
                call.checked(address)
            parts, is_plain = urlsplit(authorize), authorize.isascii() and authorize.isprintable()
            if not is_plain or " " in authorize or not parts.hostname:
                raise self._nonsense("its sign-in page has no address")
            if parts.scheme != "https" and origin_of(authorize) != self._origin:
                raise self._nonsense("its sign-in page is not served over HTTPS")
        except (SourceNonsense, ValueError) as error:
            raise self._nonsense("it sends us where we do not go") from error
        ways = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        prompts = document.get("prompt_values_supported", [])
        return Description(
            authorize=authorize,
            token=token,
            keys=keys,
            people=people,
            way=_way(ways, has_secret=bool(self._settings.client_secret.get_secret_value())),
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
            can_ask_anew=isinstance(prompts, list) and "login" in prompts,
        )

    def _calling(self, until: float) -> Call:
        return self._call(self.title, host_of(self._origin), self._origin, until)

    def _client(self, told: Description, redirect_uri: str, call: Call) -> Any:
        from authlib.oauth2.client import OAuth2Client

        client = OAuth2Client(
            call,
            client_id=self._settings.client_id,
            client_secret=self._settings.client_secret.get_secret_value(),
            token_endpoint_auth_method=told.way,
            scope=" ".join(dict.fromkeys(["openid", *self._settings.scope.split()])),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
        client.register_client_auth_method(("client_secret_basic", _basic))
        return client

    def _nonsense(self, what: str) -> ProviderFailed:
        log.warning("provider.nonsense", provider=self.name, what=what)
        return ProviderFailed(f"{self.title} answered what cannot be believed.", why="nonsense")


def _way(offered: object, *, has_secret: bool) -> str:
    """How to say who the client is; the secret is best sent in a header (RFC 6749, 2.3.1)."""
    if not has_secret:
        return "none"
    known = offered if isinstance(offered, list) else []
    is_by_form = "client_secret_post" in known and "client_secret_basic" not in known
    return "client_secret_post" if is_by_form else "client_secret_basic"


def _basic(
    client: Any, _method: str, url: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    """Name and secret in a header, each encoded first, which Authlib leaves out (RFC 6749, 2.3.1)."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    return url, headers | {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, body
