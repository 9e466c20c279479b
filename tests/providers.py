"""A browser that goes to a provider and comes back, for tests: as little of one as that takes."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

WRITE = {"X-Requested-With": "moviefinder"}
HOME = "http://localhost:8000"
"""Where the Flask client says that it is."""


def callback(name: str) -> str:
    """Where a provider sends the client back to."""
    return f"{HOME}/auth/{name}/callback"


class Browser:
    """One browser: a Flask client with its cookies."""

    def __init__(self, client, stand_ins) -> None:
        self.client, self.stand_ins = client, stand_ins

    def begin(self, name="home", intent="sign_in", **more):
        """Ask to be sent away; gives the answer."""
        return self.client.post(f"/api/v1/auth/{name}", json={"intent": intent, **more}, headers=WRITE)

    def back(self, address):
        """Come back; gives where one is shown to."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}" == HOME, address
        answer = self.client.get(f"{parts.path}?{parts.query}")
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def go(self, name="home", intent="sign_in", **more):
        """The whole way; gives where one is shown to in the end."""
        begun = self.begin(name, intent, **more)
        assert begun.status_code == 200, begun.text
        return self.back(self.stand_ins[name].visit(begun.json["location"]))

    def who(self):
        """Who one is, or None."""
        return self.client.get("/api/v1/session").json["user"]

    def like(self, number):
        """Like a film."""
        path = f"/api/v1/library/imdb:tt{number:07d}"
        answer = self.client.patch(path, json={"verdict": "liked"}, headers=WRITE)
        assert answer.status_code == 200, answer.text

    def liked(self):
        """How many films one likes."""
        return len(self.client.get("/api/v1/library?show=liked").json["items"])


def problem_in(location):
    """The word for what went wrong in an address of the page."""
    return parse_qs(urlsplit(location).query).get("problem", [None])[0]
