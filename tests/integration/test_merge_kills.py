"""A guest signs in, or becomes an account, and the server dies at each statement of it in turn.

Whatever dies, what the guest said is either still the guest's or wholly the account's, and nobody else has any of it;
doing it again then ends as if nothing had happened.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from conftest import MEASURED
from moviefinder.records import Say, Verdict
from moviefinder.services import answers, library, track
from moviefinder.services.accounts import links, passwords
from moviefinder.store import models
from moviefinder.web import create_app
from tests.conftest import WRITE
from tests.killed_requests import KILLED, killing
from tests.roles import PASSWORD, come

pytestmark = pytest.mark.slow
NOW = datetime.now(UTC)
EARLY, LATE = NOW - timedelta(hours=3), NOW - timedelta(hours=1)
SIGN_IN, USE_LINK = "/api/v1/session", "/api/v1/account/links/use"
OWN = (models.UserFilm, models.AnsweredReason, models.Shown)

SAID = {
    "guest": [
        (1, {"verdict": Verdict.LIKED}, LATE),  # the guest's alone
        (3, {"verdict": Verdict.LIKED}, LATE),  # later than the account's
        (4, {"verdict": Verdict.DISLIKED}, EARLY),  # overtaken by the account's
        (5, {"saved": True}, LATE),  # another answer than the account's
        (7, {"rating": 9, "seen_on": date(2026, 1, 2)}, LATE),
    ],
    "account": [
        (2, {"verdict": Verdict.LIKED}, EARLY),  # the account's alone
        (3, {"verdict": Verdict.DISLIKED}, EARLY),
        (4, {"verdict": Verdict.LIKED}, LATE),
        (5, {"taste": False}, EARLY),
    ],
    "bystander": [(1, {"verdict": Verdict.DISLIKED}, EARLY), (6, {"seen": True}, LATE)],
}
MERGED = {
    1: ("liked", False, None, False, True, None),
    2: ("liked", False, None, False, True, None),
    3: ("liked", False, None, False, True, None),
    4: ("liked", False, None, False, True, None),
    5: (None, False, None, True, False, None),
    7: (None, True, date(2026, 1, 2), False, True, 9),
}
"""What the account's library says afterwards, film by film; worked out by hand from the two above."""


def speak(app, who, user_id):
    """Say all that somebody said."""
    with app.transaction(lasting=False) as session:
        for film, said, at in SAID[who]:
            library.say(session, user_id, film, said, now=at, said_at=at)
        if who == "guest":
            answers.answer(session, user_id, 8, 1, Say.NOT, now=LATE)
            track.note_shown(session, user_id, {6: 1, 8: 2}, model="m", confidence={}, now=LATE)


def kept_of(app, user_id):
    """What is kept of what somebody said: rows of each table, without whose they are."""
    with app.reading() as session:
        rows = {
            table.__tablename__: sorted(
                tuple(str(value) for name, value in row._mapping.items() if name != "user_id")
                for row in session.execute(select(table.__table__).where(table.user_id == user_id))
            )
            for table in OWN
        }
        changes = session.execute(
            select(models.Change.film_id, models.Change.after, models.Change.guest_id).where(
                models.Change.user_id == user_id
            )
        )
        return rows | {"changes": sorted(map(str, changes))}


def library_of(app, user_id):
    """What somebody's library says."""
    with app.reading() as session:
        return {
            row.film_id: (row.verdict, row.seen, row.seen_on, row.saved_at is not None, row.taste, row.rating)
            for row in session.scalars(select(models.UserFilm).where(models.UserFilm.user_id == user_id))
        }


@pytest.fixture
def settings(settings):
    """Each database in turn; as many tries as there are statements."""
    names = ("sign_ins_per_5min", "sign_ins_per_5min_all", "resets_per_5min", "registrations_per_30min")
    return settings.model_copy(update=dict.fromkeys(names, 1_000_000))


@pytest.fixture(scope="module")
def killer():
    """Asks requests that die."""
    with killing() as killer:
        yield killer


@pytest.fixture(scope="module")
def secret():
    """The hash of everybody's password."""
    return passwords.hash_password(PASSWORD)


class Story:
    """A guest, an account that is or will be theirs, and somebody who has nothing to do with it."""

    def __init__(self, app, secret, path):
        self.app, self.path = app, path
        self.bystander = come(app, "account", secret=secret)
        speak(app, "bystander", self.bystander.user_id)
        self.guest = come(app, "guest")
        speak(app, "guest", self.guest.user_id)
        if path == SIGN_IN:
            account = come(app, "account", secret=secret)
            speak(app, "account", account.user_id)
            self.user_id, self.email = account.user_id, account.email
            self.body = {"email": account.email, "password": PASSWORD}
        else:
            self.user_id, self.email = self.guest.user_id, f"new-{self.guest.user_id}@films.example"
            self.body = {"token": self._link(), "password": PASSWORD}
        self.at_first = self.state()

    def _link(self):
        """Sign up as the guest; gives the token in the mail that waits for them."""
        client = create_app(self.app).test_client(use_cookies=False)
        body = {"email": self.email, "password": PASSWORD}
        asked = client.post("/api/v1/account", json=body, headers=WRITE | self.guest.headers)
        assert asked.status_code == 202, asked.text
        with self.app.transaction() as session:
            link = session.scalars(select(models.MailLink).where(models.MailLink.email == self.email)).one()
            return links.seal(session, link.id, now=datetime.now(UTC))

    def state(self):
        """All that is kept, by whom."""
        return {
            who: kept_of(self.app, user_id)
            for who, user_id in (
                ("guest", self.guest.user_id),
                ("user", self.user_id),
                ("bystander", self.bystander.user_id),
            )
        }

    def has_merged(self):
        """Whether the guest's is the account's now."""
        with self.app.reading() as session:
            guest = session.get(models.User, self.guest.user_id)
            return guest.merged_into == self.user_id

    def is_account(self):
        """Whether somebody can sign in with the address."""
        with self.app.reading() as session:
            found = select(models.Identity.user_id).where(models.Identity.subject == self.email)
            return session.scalar(found) == self.user_id


def kill_at_every_statement(app, settings, killer, make_story, check, record_property):
    """Die at the first statement, at the second, and so on to the end; after each do it again."""
    at, code, ended = 0, KILLED, Counter()
    client = create_app(app).test_client(use_cookies=False)
    while code == KILLED:
        at += 1
        story = make_story()
        code = killer.ask(settings, story.path, story.body, cookies=story.guest.headers["Cookie"], at=at)
        assert code in (KILLED, 0), f"at statement {at} the request failed"
        assert story.state()["bystander"] == story.at_first["bystander"]
        is_done = check(story)
        ended["done" if is_done else "as before"] += 1
        again = client.post(story.path, json=story.body, headers=WRITE | story.guest.headers)
        assert again.status_code in ((200, 409) if is_done else (200,)), again.text
        assert check(story)
        assert story.state()["bystander"] == story.at_first["bystander"]
    database = settings.database.split("+")[0] or "sqlite"
    record_property(
        MEASURED, {"killed": story.path, "database": database, "statements": at - 1, "lost_or_moved": 0}
    )
    assert at > 10
    assert ended["as before"] > 5


def test_a_sign_in_that_is_killed_at_any_statement_loses_nothing(
    app, settings, killer, secret, record_property
):
    """All is as before, or all is merged; signing in again then ends as it would have."""

    def check(story):
        if not story.has_merged():
            assert story.state() == story.at_first
            return False
        assert library_of(app, story.user_id) == MERGED
        mine = story.state()["user"]
        assert [row[0] for row in mine["answered_reasons"]] == ["8"]
        assert [row[0] for row in mine["shown"]] == ["6", "8"]
        with app.reading() as session:  # nobody can go on as the guest
            of_guest = select(models.Session.id).where(models.Session.user_id == story.guest.user_id)
            assert session.scalars(of_guest).all() == []
        return True

    kill_at_every_statement(
        app, settings, killer, lambda: Story(app, secret, SIGN_IN), check, record_property
    )


def test_a_guest_who_becomes_an_account_is_never_half_of_it(app, settings, killer, secret, record_property):
    """The guest with all that was said, or the account with all of it; the mail's link works until it has worked."""

    def check(story):
        after = story.state()
        assert after["user"] == story.at_first["user"]  # who is the guest
        is_done = story.is_account()
        with app.reading() as session:
            found = select(models.Session.way).where(models.Session.user_id == story.user_id)
            ways = set(session.scalars(found))
            waits = session.scalar(select(models.MailLink.id).where(models.MailLink.email == story.email))
        assert ways == ({"password"} if is_done else {"guest"})
        assert (waits is None) == is_done
        return is_done

    kill_at_every_statement(
        app, settings, killer, lambda: Story(app, secret, USE_LINK), check, record_property
    )
