"""Facebook on loopback, in the shape of its documentation: the dialog, the two calls of the Graph API, signed requests.

    with facebook.running() as stand_in:
        stand_in.redirects_to("http://127.0.0.1:8000/auth/facebook/callback")
        settings = Settings(providers={"facebook": stand_in.settings()}, ...)
        back = stand_in.visit(location)

`person` is who agrees; without an e-mail address it is one of those who signed up by telephone. Faults: `no-id`,
`nonsense`, `error-500`, `hang`, `other-app`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from contextlib import AbstractContextManager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.standing import Handler, standing

_JSON = "application/json; charset=UTF-8"


class Facebook:
    """What it knows and how it behaves."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.version = "v26.0"
        self.app_id, self.app_secret = "1234567890", "0123456789abcdef0123456789abcdef"
        self.redirects: set[str] = set()
        self.person: dict[str, Any] = {"id": "10220000000000001", "name": "Ben", "email": "ben@example.org"}
        self.faults: set[str] = set()
        self.complaints: list[str] = []
        self.journal: list[str] = []
        self.stop = threading.Event()
        self._codes: dict[str, str] = {}
        self._tokens: set[str] = set()

    def settings(self, **more: Any) -> dict[str, Any]:
        """What an operator writes down of it."""
        return {
            "client_id": self.app_id,
            "client_secret": self.app_secret,
            "address": self.address,
            "dialog": self.address,
            "version": self.version,
            **more,
        }

    def redirects_to(self, address: str) -> None:
        """Register an address of the app; any other is refused, however alike."""
        self.redirects.add(address)

    def visit(self, location: str) -> str:
        """Go where the app sends a browser, as a person who agrees; gives where one is sent back to."""
        parts = urlsplit(location)
        connection = HTTPConnection(parts.netloc, timeout=10)
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        told = answer.read().decode()
        connection.close()
        assert answer.status == 302, told
        return str(answer.headers["Location"])

    def signed_request(self, person: str | None = None, **changed: Any) -> str:
        """What it posts when somebody wants their data deleted."""
        said = {
            "algorithm": "HMAC-SHA256",
            "issued_at": int(time.time()),
            "user_id": person or self.person["id"],
            **changed,
        }
        payload = _base64(
            json.dumps({name: value for name, value in said.items() if value is not None}).encode()
        )
        signature = hmac.new(self.app_secret.encode(), payload.encode(), hashlib.sha256).digest()
        return f"{_base64(signature)}.{payload}"

    # What it answers

    def dialog(self, asked: dict[str, str]) -> tuple[int, str]:
        """A status, and where the browser goes, or what is wrong."""
        wanted = {
            "client_id": asked.get("client_id") == self.app_id,
            "redirect_uri": asked.get("redirect_uri") in self.redirects,
            "state": len(asked.get("state", "")) >= 22,
            "response_type": asked.get("response_type") == "code",
            "scope": asked.get("scope") == "public_profile,email",
        }
        if wrong := [name for name, is_fine in wanted.items() if not is_fine]:
            return 400, self.complain(f"dialog: {', '.join(wrong)}")
        code = secrets.token_urlsafe(200)
        self._codes[code] = asked["redirect_uri"]
        back = urlencode({"code": code, "state": asked["state"]})
        return 302, f"{asked['redirect_uri']}?{back}#_=_"  # it does add this fragment

    def token(self, asked: dict[str, str]) -> tuple[int, Any]:
        """The access token that a code stands for, once."""
        if (asked.get("client_id"), asked.get("client_secret")) != (self.app_id, self.app_secret):
            return self.error(1, "token: client")
        if self._codes.pop(asked.get("code", ""), None) != asked.get("redirect_uri"):
            return self.error(100, "token: code or redirect_uri")
        token = secrets.token_urlsafe(100)
        self._tokens.add(token)
        return 200, {"access_token": token, "token_type": "bearer", "expires_in": 5183944}

    def me(self, asked: dict[str, str]) -> tuple[int, Any]:
        """Who a token is of, in the fields that were asked for and that there are."""
        token = asked.get("access_token", "")
        proof = hmac.new(self.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if token not in self._tokens:
            return self.error(190, "me: access_token")
        if asked.get("appsecret_proof") != proof:
            return self.error(100, "me: appsecret_proof")
        known = self.person | ({"id": None} if "no-id" in self.faults else {})
        fields = asked.get("fields", "").split(",")
        return 200, {name: known[name] for name in fields if known.get(name) is not None}

    def error(self, code: int, of: str) -> tuple[int, Any]:
        """An error in its shape."""
        self.complain(of)
        return 400, {"error": {"message": of, "type": "OAuthException", "code": code, "fbtrace_id": "A"}}

    def complain(self, of: str) -> str:
        """Note what an app did wrong."""
        self.complaints.append(of)
        return of


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class _Handler(Handler):
    def do_GET(self) -> None:  # noqa: N802  # the name that the base class calls
        stand_in, parts = self.server.who, urlsplit(self.path)
        stand_in.journal.append(parts.path)
        asked = dict(parse_qsl(parts.query, keep_blank_values=True))
        version = f"/{stand_in.version}"
        if parts.path == f"{version}/dialog/oauth":
            status, told = stand_in.dialog(asked)
            if status == 302:
                self.send(302, b"", _JSON, Location=told)
                return
        elif parts.path == f"{version}/oauth/access_token":
            status, told = stand_in.token(asked)
        elif parts.path == f"{version}/me":
            if "hang" in stand_in.faults:
                stand_in.stop.wait(30)
            status, told = stand_in.me(asked)
        else:
            status, told = stand_in.error(2500, f"unknown path {parts.path}")
        if "error-500" in stand_in.faults:
            status = 500
        self.send(status, b"<html>" if "nonsense" in stand_in.faults else json.dumps(told).encode(), _JSON)


def running() -> AbstractContextManager[Facebook]:
    """A Facebook that answers until the block ends."""
    return standing(Facebook, _Handler)
