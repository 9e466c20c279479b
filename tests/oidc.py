"""An OpenID Connect provider on loopback, strict as the specification wants one, with faults on demand.

    with oidc.running() as provider:
        provider.redirects_to("http://127.0.0.1:8000/auth/home/callback")
        settings = Settings(providers={"home": provider.settings()}, ...)
        provider.person = {"sub": "anna", "email": "anna@example.org", "name": "Anna"}
        provider.faults = {"alg-none"}              # see FAULTS
        back = provider.visit(location)             # a browser's way through; gives the address it is sent back to

A real browser may be sent there as well: with `asks=True` it is shown a page with the buttons *Allow* and *Refuse*,
else it is sent straight back. Whatever a client does wrong is refused and stands in `complaints`; what was asked, in
`journal`. It has a thread of its own, and one for each connection.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import secrets
import threading
import time
from contextlib import AbstractContextManager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from joserfc import jwk, jws

from tests.standing import Handler, standing

FAULTS = {
    "wrong-nonce",
    "no-nonce",
    "wrong-aud",
    "two-auds",  # ours and another's, with the other as azp
    "expired",
    "from-the-future",
    "wrong-iss",
    "no-sub",
    "long-sub",
    "wrong-at-hash",
    "alg-none",
    "hs256-with-public-key",
    "hs256-with-secret",
    "foreign-key",  # signed with a key that is not published, under the id of one that is
    "unknown-kid",
    "no-kid",
    "crit",  # a header that must be understood, and is not
    "broken-signature",
    "not-a-token",
    "no-id-token",
    "nonsense",  # HTML where JSON is due
    "list",  # JSON, but no object
    "error-500",
    "refuse-client",
    "hang-discovery",
    "hang-token",
    "hang-keys",
    "nonsense-discovery",
    "other-issuer",  # the description names another issuer
    "inside-endpoint",  # the description sends us to an address inside
    "redirect-token",
    "bare-token",  # the ID token names nobody's name: that is told at another address
    "bare-token-of-another",  # and there of somebody else
    "bare-token-alone",  # or nothing
    "iss-parameter",  # promises RFC 9207, and keeps it
    "wrong-iss-parameter",
    "no-iss-parameter",  # promises, and does not keep it
}


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Provider:
    """What it knows and how it behaves; a test may change any of it at any time."""

    def __init__(self, address: str) -> None:
        self.issuer = address
        self.hangs_s = 30.0
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self._keys: dict[str, jwk.Key] = {}
        self.rotate()
        self.reset()

    def reset(self) -> None:
        """Be as in the beginning: well behaved, with nothing asked and no client's address known; keys stay."""
        self.client_id, self.client_secret = "moviefinder-tests", "s3cret+/&%:ä-of-tests"
        self.redirects: set[str] = set()
        self.person: dict[str, Any] = {"sub": "anna-1", "email": "anna@example.org", "name": "Anna"}
        self.asks = False
        self.faults: set[str] = set()
        self.alg = "RS256"
        self.methods: list[str] = ["client_secret_basic"]
        """How a client may say who it is at the token endpoint."""
        self.prompts = ["login", "consent"]
        self.described: dict[str, Any] = {}
        """What its description says otherwise,"""
        self.token_said: dict[str, Any] = {}
        """and what the answer to a code does."""
        self.complaints: list[str] = []
        self.journal: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: set[str] = set()

    def settings(self, **more: Any) -> dict[str, Any]:
        """What an operator writes down of it."""
        return {
            "issuer": self.issuer,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "title": "Home",
            **more,
        }

    def redirects_to(self, address: str) -> None:
        """Register an address of the client; any other is refused, however alike."""
        self.redirects.add(address)

    def rotate(self) -> None:
        """Forget the keys and make new ones, each with a new number."""
        number = secrets.token_hex(4)
        self._keys = {
            alg: jwk.JWKRegistry.generate_key(kind, size, {"kid": f"{alg}-{number}", "use": "sig"})
            for alg, kind, size in (
                ("RS256", "RSA", 2048),
                ("PS256", "RSA", 2048),
                ("ES256", "EC", "P-256"),
                ("EdDSA", "OKP", "Ed25519"),
            )
        }

    def asked(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(1 for each in self.journal if each.split()[1] == path)

    def visit(self, location: str) -> str:
        """Go where the client sends a browser, and on as a person who agrees; gives where one is sent back to."""
        parts = urlsplit(location)
        assert f"{parts.scheme}://{parts.netloc}" == self.issuer, location
        connection = HTTPConnection(parts.netloc, timeout=10)
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        told = answer.read().decode()
        connection.close()
        assert answer.status == 303, told
        return str(answer.headers["Location"])

    # What it answers

    def description(self) -> dict[str, Any]:
        """The document of OpenID Connect Discovery 1.0."""
        issuer = "https://other.example.org" if "other-issuer" in self.faults else self.issuer
        inside = "http://169.254.169.254" if "inside-endpoint" in self.faults else self.issuer
        promises = self.faults & {"iss-parameter", "wrong-iss-parameter", "no-iss-parameter"}
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{inside}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/people",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": list(self._keys),
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": self.methods,
            "prompt_values_supported": self.prompts,
            **({"authorization_response_iss_parameter_supported": True} if promises else {}),
            **self.described,
        }

    def keys(self) -> dict[str, Any]:
        """The public halves of the keys, and one of a kind that nobody knows yet."""
        known = [key.as_dict(private=False) for key in self._keys.values()]
        return {"keys": [{"kty": "AKP", "kid": "later", "alg": "ML-DSA-44", "pub": "AA"}, *known]}

    def begin(self, asked: dict[str, str]) -> tuple[str, str]:
        """What is wrong with the question of a browser, or nothing; and where to send the browser back to."""
        wanted = {
            "client_id": asked.get("client_id") == self.client_id,
            "redirect_uri": asked.get("redirect_uri") in self.redirects,
            "response_type": asked.get("response_type") == "code",
            "scope": "openid" in asked.get("scope", "").split(),
            "state": len(asked.get("state", "")) >= 22,
            "nonce": len(asked.get("nonce", "")) >= 22,
            "code_challenge_method": asked.get("code_challenge_method") == "S256",
            "code_challenge": len(asked.get("code_challenge", "")) == 43,
            "response_mode": asked.get("response_mode", "query") == "query",
        }
        if wrong := [name for name, is_fine in wanted.items() if not is_fine]:
            return self.complain(f"authorize: {', '.join(wrong)}"), ""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = asked
        return "", self._back(asked, code=code)

    def refuse(self, asked: dict[str, str]) -> str:
        """Where a browser is sent whose person said no."""
        return self._back(asked, error="access_denied", error_description="No.")

    def _back(self, asked: dict[str, str], **said: str) -> str:
        said = {**said, "state": asked["state"]}
        if "iss-parameter" in self.faults:
            said["iss"] = self.issuer
        if "wrong-iss-parameter" in self.faults:
            said["iss"] = "https://other.example.org"
        return f"{asked['redirect_uri']}?{urlencode(said)}"

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        """The answer of the token endpoint: each code once, to who began, at the address that was asked for."""
        if not self._is_client(form, authorization) or "refuse-client" in self.faults:
            self.complain("token: client")
            return 401, {"error": "invalid_client"}
        with self._lock:
            asked = self._codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "")
        challenge = _base64(hashlib.sha256(verifier.encode()).digest())
        if asked is None:
            self.complain("token: code")
        elif form.get("grant_type") != "authorization_code":
            self.complain("token: grant_type")
        elif form.get("redirect_uri") != asked["redirect_uri"]:
            self.complain("token: redirect_uri")
        elif not 43 <= len(verifier) <= 128 or challenge != asked["code_challenge"]:
            self.complain("token: code_verifier")
        else:
            return 200, self._token(asked)
        return 400, {"error": "invalid_grant"}

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        given: tuple[str, str] | None = None
        if "client_secret_basic" in self.methods and authorization.startswith("Basic "):
            name, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
            given = unquote_plus(name), unquote_plus(secret)  # RFC 6749, 2.3.1
        elif "client_secret_post" in self.methods and not authorization:
            given = form.get("client_id", ""), form.get("client_secret", "")
        elif "none" in self.methods and not authorization:
            return form.get("client_id") == self.client_id and "client_secret" not in form
        return given == (self.client_id, self.client_secret)

    def _token(self, asked: dict[str, str]) -> Any:
        if "list" in self.faults:
            return ["no object"]
        access_token, faults, now = secrets.token_urlsafe(24), self.faults, int(time.time())
        self._tokens.add(access_token)
        half = hashlib.sha512 if self.alg == "EdDSA" else hashlib.sha256
        digest = half(access_token.encode()).digest()
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": asked["nonce"],
            "at_hash": _base64(digest[: len(digest) // 2]),
            **self.person,
        }
        changed: dict[str, dict[str, Any]] = {
            "wrong-nonce": {"nonce": "another"},
            "no-nonce": {"nonce": None},
            "wrong-aud": {"aud": "somebody-else"},
            "two-auds": {"aud": [self.client_id, "somebody-else"], "azp": "somebody-else"},
            "expired": {"iat": now - 7200, "exp": now - 3600},
            "from-the-future": {"iat": now + 3600, "exp": now + 7200},
            "wrong-iss": {"iss": "https://other.example.org"},
            "no-sub": {"sub": None},
            "long-sub": {"sub": "x" * 256},
            "wrong-at-hash": {"at_hash": "AAAA"},
        }
        if any(fault.startswith("bare-token") for fault in faults):
            claims = {name: value for name, value in claims.items() if not name.startswith(("name", "email"))}
        for fault in faults & changed.keys():
            claims |= changed[fault]
        claims = {name: value for name, value in claims.items() if value is not None}
        token = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": "no.token" if "not-a-token" in faults else self._signed(claims),
        }
        if "no-id-token" in faults:
            del token["id_token"]
        return token | self.token_said

    def people(self, authorization: str) -> tuple[int, Any]:
        """Who an access token is of."""
        if authorization.removeprefix("Bearer ") not in self._tokens or "bare-token-alone" in self.faults:
            return 401, {"error": "invalid_token"}
        return 200, self.person | ({"sub": "another"} if "bare-token-of-another" in self.faults else {})

    def _signed(self, claims: dict[str, Any]) -> str:
        key, faults = self._keys[self.alg], self.faults
        header: dict[str, Any] = {"alg": self.alg, "kid": key.kid, "typ": "JWT"}
        payload = json.dumps(claims).encode()
        if "alg-none" in faults:
            return f"{_base64(json.dumps({'alg': 'none', 'kid': key.kid}).encode())}.{_base64(payload)}."
        if faults & {"hs256-with-public-key", "hs256-with-secret"}:
            pem = key.as_pem(private=False)  # type: ignore[union-attr]  # no symmetric one among them
            secret = pem if "hs256-with-public-key" in faults else self.client_secret.encode()
            body = f"{_base64(json.dumps(header | {'alg': 'HS256'}).encode())}.{_base64(payload)}"
            return f"{body}.{_base64(hmac.new(secret, body.encode(), 'sha256').digest())}"
        if "foreign-key" in faults:
            key = jwk.RSAKey.generate_key(2048)
            header["alg"] = "RS256"
        if "unknown-kid" in faults:
            header["kid"] = "nobody-knows"
        if "no-kid" in faults:
            del header["kid"]
        registry = jws.JWSRegistry(algorithms=[self.alg, "RS256"], strict_check_header=False)
        registry.get_alg = registry.algorithms.__getitem__  # type: ignore[method-assign]  # no warning of EdDSA's name
        registry.check_header = lambda _header: None  # type: ignore[method-assign]  # it would refuse the next line
        if "crit" in faults:
            header |= {"crit": ["must-know"], "must-know": 1}
        signed = jws.serialize_compact(header, payload, key, registry=registry)
        if "broken-signature" in faults:
            middle = len(signed) - 20
            signed = signed[:middle] + ("A" if signed[middle] != "A" else "B") + signed[middle + 1 :]
        return signed

    def complain(self, of: str) -> str:
        """Note what a client did wrong."""
        self.complaints.append(of)
        return of


class _Handler(Handler):
    def do_GET(self) -> None:  # noqa: N802  # the name that the base class calls
        provider, parts = self.server.who, urlsplit(self.path)
        provider.journal.append(f"{self.command} {parts.path}")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.path == "/.well-known/openid-configuration":
            self._hang("hang-discovery")
            wrong = "nonsense-discovery" in provider.faults
            self._send(200, b"<html>" if wrong else provider.description())
        elif parts.path == "/keys":
            self._hang("hang-keys")
            self._send(200, provider.keys())
        elif parts.path == "/people":
            self._send(*provider.people(self.headers.get("Authorization", "")))
        elif parts.path == "/authorize":
            self._authorize(query)
        else:
            self._send(404, b"no such page")

    def do_POST(self) -> None:  # noqa: N802  # the same
        provider, path = self.server.who, urlsplit(self.path).path
        provider.journal.append(f"POST {path}")
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        if path == "/token":
            self._hang("hang-token")
            status, told = provider.exchange(form, self.headers.get("Authorization", ""))
            if "redirect-token" in provider.faults:
                self._go("http://127.0.0.1:1/")
            elif "error-500" in provider.faults:
                self._send(500, b"oh")
            else:
                self._send(status, b"<html>" if "nonsense" in provider.faults else told)
        elif path == "/authorize":
            asked = json.loads(form["asked"])
            self._go(provider.begin(asked)[1] if form["answer"] == "Allow" else provider.refuse(asked))
        else:
            self._send(404, b"no such page")

    def _authorize(self, query: dict[str, str]) -> None:
        provider = self.server.who
        wrong, back = provider.begin(query)
        if wrong:
            self._send(400, f"<p>refused: {html.escape(wrong)}</p>".encode())
        elif not provider.asks:
            self._go(back)
        else:
            asked = html.escape(json.dumps(query), quote=True)
            name = html.escape(str(provider.person.get("name", "")))
            self._send(
                200,
                f"""<!doctype html><html lang="en"><title>Home provider</title><h1>Sign in as {name}?</h1>
                <form method="post" action="/authorize"><input type="hidden" name="asked" value="{asked}">
                <button name="answer" value="Allow">Allow</button>
                <button name="answer" value="Refuse">Refuse</button></form></html>""".encode(),
            )

    def _hang(self, fault: str) -> None:
        provider = self.server.who
        if fault in provider.faults:
            provider.stop.wait(provider.hangs_s)

    def _go(self, address: str) -> None:
        self.send(303, b"", "text/html", Location=address)

    def _send(self, status: int, told: Any) -> None:
        is_page = isinstance(told, bytes)
        body = told if is_page else json.dumps(told).encode()
        self.send(status, body, "text/html; charset=utf-8" if is_page else "application/json")


def running() -> AbstractContextManager[Provider]:
    """A provider that answers until the block ends."""
    return standing(Provider, _Handler)
