"""People with browsers: each keeps its cookies, signs up and in, and says something of films."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from moviefinder.services.accounts import links
from moviefinder.store.models import MailLink, Session
from moviefinder.web import create_app
from tests.conftest import WRITE

EMAIL = "anna.kovacs@example.org"
PASSWORD = "a-horse-in-the-attic"


def token_of(app, purpose):
    """The token that the mail with the newest link of a purpose carries."""
    with app.transaction() as session:
        newest = select(MailLink.id).where(MailLink.purpose == purpose).order_by(MailLink.id.desc()).limit(1)
        return links.seal(session, session.scalar(newest), now=datetime.now(UTC))


class Browser:
    """A browser with its cookies."""

    def __init__(self, app, *, cookie=None):
        self.app, self.client = app, create_app(app).test_client()
        if cookie:
            self.client.set_cookie("moviefinder", cookie)

    @property
    def cookie(self):
        """The token of the session."""
        kept = self.client.get_cookie("moviefinder")
        return kept and kept.value

    def get(self, path):
        """Ask."""
        return self.client.get(f"/api/v1{path}")

    def post(self, path, **body):
        """Do."""
        return self.client.post(f"/api/v1{path}", json=body, headers=WRITE)

    def put(self, path, **body):
        """Change."""
        return self.client.put(f"/api/v1{path}", json=body, headers=WRITE)

    def delete(self, path):
        """End."""
        return self.client.delete(f"/api/v1{path}", headers=WRITE)

    def say(self, number, **answers):
        """Say something of a film."""
        answer = self.client.patch(f"/api/v1/library/imdb:tt{number:07d}", json=answers, headers=WRITE)
        assert answer.status_code == 200, answer.json
        return answer.json

    def who(self):
        """Who the browser is signed in as."""
        return self.get("/session").json["user"]

    def liked(self):
        """The films that its person likes, by number."""
        items = self.get("/library?show=liked&limit=100").json["items"]
        return sorted(item["film"]["id"] for item in items)

    def with_account(self, email=EMAIL, password=PASSWORD):
        """The same, once its person has signed up and confirmed."""
        self.post("/account", email=email, password=password)
        answer = self.post("/account/links/use", token=token_of(self.app, "confirm"))
        assert answer.status_code == 200, answer.json
        return self

    def stale(self):
        """Let the last proof of who this is be eleven minutes old."""
        with self.app.transaction() as session:
            session.execute(update(Session).values(fresh_at=datetime.now(UTC) - timedelta(minutes=11)))
