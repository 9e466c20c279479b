"""The same server on the other database: what is answered there is kept there."""

import json
import signal
import urllib.request

import pytest

from tests import server as servers
from tests.browser import LOVED


class Visitor:
    """Somebody with a cookie, asking over real HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def ask(self, method: str, path: str, body: object = None) -> dict:
        """The JSON of an answer; an answer that is no success raises HTTPError."""
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "X-Requested-With": "moviefinder"},
        )
        with self.opener.open(request, timeout=30) as answer:
            return json.load(answer)


@pytest.mark.slow
def test_likes_and_recommendations_on_postgresql(empty_postgresql, tmp_path):
    """From an empty database to the same reasoned list, also after the server was killed."""
    server = servers.start(tmp_path / "data", database=empty_postgresql)
    try:
        visitor = Visitor(server.url)
        for film in LOVED:
            assert (
                visitor.ask("PATCH", f"/library/{film}", {"verdict": "liked"})["entry"]["verdict"] == "liked"
            )
        first = visitor.ask("GET", "/recommendations?limit=20")
        assert len(first["items"]) == 20
        assert all(item["because"] for item in first["items"])
        assert visitor.ask("GET", "/films?q=godfathr")["items"][0]["title"] == "The Godfather"
        server.stop(signal.SIGKILL)

        server = servers.start(
            tmp_path / "data", port=int(server.url.rpartition(":")[2]), database=empty_postgresql
        )
        assert visitor.ask("GET", "/library?show=liked")["count"] == len(LOVED)
        again = visitor.ask("GET", "/recommendations?limit=20")
        assert [item["film"]["id"] for item in again["items"]] == [
            item["film"]["id"] for item in first["items"]
        ]
    finally:
        server.stop()
