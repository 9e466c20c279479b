"""Somebody who asks a real server over real HTTP, and keeps the cookie that it gives."""

from __future__ import annotations

import json
import urllib.request
from http.cookiejar import CookieJar
from typing import Any


class Visitor:
    """Somebody with a cookie, asking over real HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of an answer; an answer that is no success raises HTTPError."""
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "X-Requested-With": "moviefinder"},
        )
        with self.opener.open(request, timeout=30) as answer:
            return json.load(answer)
