"""The same server on the other database: what is answered there is kept there."""

import signal

import pytest

from tests import server as servers
from tests.browser import LOVED
from tests.visitor import Visitor


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
