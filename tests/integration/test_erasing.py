"""Erasing a person: nothing of them is left anywhere, also where somebody works for them meanwhile."""

import threading
import time
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import func, select, update

from moviefinder import worker
from moviefinder.errors import NotFound, SessionEnded
from moviefinder.services import library, track
from moviefinder.services.accounts import emails, erasing, links, mailing, sessions, signing_up
from moviefinder.services.mail import post
from moviefinder.store import models
from moviefinder.web import create_app
from tests import marked
from tests.conftest import WRITE
from tests.people import EMAIL, PASSWORD, Browser, token_of
from tests.roles import come


def now():
    """The time, as the program has it."""
    return datetime.now(UTC)


@pytest.fixture
def wanda(app):
    """Somebody of whom something is kept everywhere."""
    app.settings.data.joinpath("mail").mkdir(mode=0o700)
    return marked.settle(app, now=now())


def erase(app, *, at=None):
    """Erase her as the API does."""
    with app.transaction() as session:
        erasing.erase(session, app.settings, marked.NUMBER, now=at or now())


def run_all(app):
    """Run every job, also what is due later."""
    with app.transaction() as session:
        session.execute(update(models.Job).values(run_after=now()))
    worker.run_due(app)


def test_the_person_of_these_tests_is_in_every_table_that_can_name_one(app, wanda):
    """A new table that refers to users must be among those that are searched, with something to find in it."""
    found = marked.found_in_tables(app)
    assert {table.name for table in marked.tables_of_people()} <= found.keys()
    assert {"mail_links", "mails"} <= found.keys()


def test_nothing_of_an_erased_person_is_left_in_any_row_or_file(app, wanda):
    """E-mail, name, number, address and browser are looked for in all columns and all bytes of the data folder."""
    worker.run_due(app)  # mails are written to the folder
    with app.transaction() as session:
        post(session, marked.EMAIL, "password_changed", language="en", user_id=marked.NUMBER, now=now())
    assert marked.found_in_files(app), "there must be something to erase"
    erase(app, at=now() - timedelta(seconds=40))
    assert marked.found_in_tables(app).keys() <= {"mails"}  # the notice, until it is sent
    worker.run_due(app)
    assert marked.found_in_tables(app) == {}
    assert marked.found_in_files(app) == {}


def test_counters_that_name_the_erased_by_a_hash_go_too(app, wanda):
    """Of an address anybody can make the hash; those of network addresses stay, or erasing would buy tries."""

    def counted():
        with app.reading() as session:
            return sorted(key.split(":")[1] for key in session.scalars(select(models.Limit.key)))

    assert counted().count("account") == 2
    others = [kind for kind in counted() if kind != "account"]
    erase(app)
    assert counted() == others


def test_all_that_goes_later_goes_within_a_minute(app, wanda):
    """What one transaction cannot take is due so early that two more tries fit in."""
    began = now()
    erase(app, at=began)
    with app.reading() as session:
        due = session.scalars(select(models.Job.run_after).where(models.Job.state == "queued")).all()
    assert max(due) <= began + timedelta(seconds=45)


def test_who_is_erased_while_anothers_traces_go_has_theirs_removed_too(app, wanda):
    """A job that looked before may still be open when the next person goes: each has one of their own."""
    guest = come(app, "guest")
    with app.transaction() as session:
        erasing.erase(session, app.settings, guest.user_id, now=now() - timedelta(seconds=40))
        session.execute(update(models.Job).values(state="running"))
    erase(app, at=now() - timedelta(seconds=40))
    worker.run_due(app)
    assert marked.found_in_tables(app) == {}
    assert marked.found_in_files(app) == {}


def test_a_mail_server_that_is_away_keeps_no_erased_address(app, wanda):
    """The notice waits for a mail server for half a minute, and then goes unsent."""
    erase(app, at=now() - timedelta(seconds=31))
    with app.transaction() as session:  # as it stands where the server did not answer
        session.execute(
            update(models.Job)
            .where(models.Job.kind == "send_mail")
            .values(run_after=now() + timedelta(hours=1))
        )
        session.execute(update(models.Job).where(models.Job.kind == "forget_traces").values(run_after=now()))
    worker.run_due(app)
    assert marked.found_in_tables(app) == {}


def test_a_mail_that_is_written_while_its_reader_is_erased_is_taken_back(app, wanda, monkeypatch):
    """The worst moment: a worker has read the mail, and writes its file when the person is gone."""
    send, written = mailing._send, []

    def erase_and_send(*args, **named):
        if not written:
            erase(app, at=now() - timedelta(seconds=40))
        sent = send(*args, **named)
        written.extend(marked.found_in_files(app))
        return sent

    monkeypatch.setattr(mailing, "_send", erase_and_send)
    worker.run_due(app)
    assert any(path.startswith("mail/") for path in written), "the worker must have been that late"
    assert marked.found_in_tables(app) == {}
    assert marked.found_in_files(app) == {}


def mails(app):
    """The addresses of the mails in the folder."""
    files = app.settings.data.joinpath("mail").glob("*.eml")
    found = (message_from_bytes(file.read_bytes(), policy=policy.default) for file in files)
    return sorted(message["To"] for message in found)


def test_who_names_anothers_address_takes_none_of_their_mails_along(app):
    """A guest signs up with somebody's address and is erased: only the guest's own mail to it goes."""
    other, guest = come(app, "account"), come(app, "guest")
    with app.transaction() as session:
        post(session, other.email, "password_changed", language="en", user_id=other.user_id, now=now())
        asked = links.make(session, "confirm", email=other.email, user_id=guest.user_id, now=now())
        post(session, other.email, "confirm", language="en", link=asked, now=now())
    worker.run_due(app)
    assert mails(app) == [other.email] * 2
    with app.transaction() as session:
        erasing.erase(session, app.settings, guest.user_id, now=now())
    assert mails(app) == [other.email]
    with app.transaction() as session:
        erasing.erase(session, app.settings, other.user_id, now=now())
    assert mails(app) == []


def test_mails_to_an_address_that_was_theirs_once_go_too(app):
    """Signed up in a browser that nobody had used, then moved to another address: no file names either of them."""
    someone = Browser(app)
    someone.post("/account", email=EMAIL, password=PASSWORD)
    worker.run_due(app)
    assert mails(app) == [EMAIL]
    assert someone.post("/account/links/use", token=token_of(app, "confirm")).status_code == 200
    assert someone.put("/account/email", email="second@films.example").status_code == 202
    worker.run_due(app)
    assert someone.post("/account/links/use", token=token_of(app, "email")).status_code == 200
    worker.run_due(app)
    assert mails(app), "there must be something to erase"
    assert someone.delete("/account").status_code == 204
    worker.run_due(app)
    assert mails(app) == []


@pytest.mark.parametrize(
    "written", ["J.Müller@example.org", "a.ß@Straße.example", "o'hara+films@example.org"]
)
def test_mails_go_however_an_address_is_written(app, written):
    """Also where its letters are none that a header has a way of writing; it is found by no reading of the file."""
    email = emails.read(written)
    with app.transaction() as session:
        user_id = sessions.make_user(session, now=now()).id
        signing_up.add_identity(session, user_id, email, None, now=now())
        post(session, email.written, "password_changed", language="de", user_id=user_id, now=now())
        post(session, email.written, "known", language="de", now=now())
    worker.run_due(app)
    assert [to.partition("@")[0] for to in mails(app)] == [email.written.partition("@")[0]] * 2
    with app.transaction() as session:
        erasing.erase(session, app.settings, user_id, now=now())
    assert mails(app) == []


@pytest.mark.alone
def test_a_full_folder_holds_up_no_erasing(app, wanda, record_property):
    """Three thousand mails of others are not even opened: other writers wait for the lock meanwhile."""
    folder = app.settings.data / "mail"
    for number in range(3_000):
        (folder / f"{number + 5_000:06d}-reset-{number:016x}-{number + 1:016x}.eml").write_bytes(
            b"To: a@b.example"
        )
    worker.run_due(app)
    began = time.perf_counter()
    erase(app)
    took_s = time.perf_counter() - began
    record_property("measured", {"what": "erased beside 3,000 mails of others", "ms": round(took_s * 1000)})
    assert took_s < 2
    assert len(mails(app)) == 3_000


def test_a_write_that_began_before_its_person_was_erased_finds_nobody(app, wanda):
    """Who asked was there a moment ago; the answer is that the session has ended, and nothing is kept."""
    erase(app)
    with pytest.raises(SessionEnded), app.transaction() as session:
        library.say(session, marked.NUMBER, 1, {"verdict": "liked"}, now=now())
    with pytest.raises(SessionEnded), app.transaction() as session:
        track.note_shown(session, marked.NUMBER, {1: 1}, model="votes 1", confidence={}, now=now())
    assert marked.found_in_tables(app).keys() <= {"mails"}


def test_writers_and_an_erasing_at_once_end_with_nobody(app, wanda):
    """Four writers beside the erasing: each is either before it, and erased, or after it, and refused."""
    stop, refused, failed = threading.Event(), [], []

    def write(film_id):
        while not stop.is_set():
            try:
                with app.transaction() as session:
                    library.say(session, marked.NUMBER, film_id, {"saved": film_id % 2 == 0}, now=now())
            except SessionEnded:
                refused.append(film_id)
                return
            except Exception as error:  # noqa: BLE001  # whatever it is fails the test
                failed.append(error)
                return

    writers = [threading.Thread(target=write, args=(number,)) for number in range(1, 5)]
    for writer in writers:
        writer.start()
    time.sleep(0.2)
    erase(app, at=now() - timedelta(seconds=40))
    for writer in writers:
        writer.join(10)
    stop.set()
    assert failed == []
    assert sorted(refused) == [1, 2, 3, 4]
    run_all(app)
    assert marked.found_in_tables(app) == {}


def test_others_keep_all_that_is_theirs(app, wanda):
    """Erasing one person takes no row of anybody else's."""
    other = come(app, "account")
    with app.transaction() as session:
        library.say(session, other.user_id, 1, {"verdict": "liked"}, now=now())
        post(session, other.email, "password_changed", language="en", user_id=other.user_id, now=now())
    before = rows_of(app, other.user_id)
    erase(app)
    assert rows_of(app, other.user_id) == before
    with app.reading() as session:
        friend = session.scalar(select(models.Invitation).where(models.Invitation.note == "for a friend"))
    assert friend.made_by is None  # still open to the friend


def rows_of(app, user_id):
    """How many rows name a user, by table."""
    counted = {}
    with app.reading() as session:
        for table in marked.tables_of_people():
            column = table.c.id if table.name == "users" else table.c.get("user_id")
            if column is None:
                continue
            counted[table.name] = session.scalar(
                select(func.count()).select_from(table).where(column == user_id)
            )
    return counted


def test_nobody_is_erased_twice(app, wanda):
    """The second of two gets told that there is nobody any more."""
    erase(app)
    with pytest.raises(NotFound):
        erase(app)


@pytest.mark.alone
@pytest.mark.alone
def test_ten_thousand_films_go_in_one_transaction(app, wanda, record_property):
    """A long history holds up the other writers for well under their patience of four seconds."""
    marked.fill(app, 10_000, now=now())
    began = time.perf_counter()
    erase(app)
    took_s = time.perf_counter() - began
    record_property(
        "measured", {"what": "10,000 films, changes and showings erased", "ms": round(took_s * 1000)}
    )
    assert took_s < 2
    assert marked.found_in_tables(app).keys() <= {"mails"}


def test_the_page_erases_and_the_browser_forgets(app, wanda):
    """The answer ends the cookie and clears what the browser keeps; the cookie and the token open nothing then."""
    client = create_app(app).test_client(use_cookies=False)
    answer = client.delete("/api/v1/account", headers={**WRITE, **wanda.cookie})
    assert answer.status_code == 204, answer.text
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert any(cookie.startswith("moviefinder=;") for cookie in answer.headers.getlist("Set-Cookie"))
    for headers in (wanda.cookie, wanda.bearer):
        assert client.get("/api/v1/library", headers=headers).status_code == 401


def test_a_guest_erases_everything_too(app):
    """Of a guest the session is proof enough."""
    guest = come(app, "guest")
    client = create_app(app).test_client(use_cookies=False)
    assert client.delete("/api/v1/account", headers={**WRITE, **guest.headers}).status_code == 204
    with app.reading() as session:
        assert session.get(models.User, guest.user_id) is None


def test_nobody_erases_an_account_by_a_session_that_is_not_fresh(app):
    """An unlocked computer is no proof; a token is none at all."""
    client = create_app(app).test_client(use_cookies=False)
    for role, problem in (
        ("account", "sign-in-again"),
        ("write token", "not-allowed"),
        ("nobody", "sign-in-needed"),
    ):
        person = come(app, role)
        answer = client.delete("/api/v1/account", headers={**WRITE, **person.headers})
        assert answer.json["type"] == f"/problems/{problem}"


def test_signing_out_clears_what_the_browser_keeps(app):
    """The next person at this browser finds nothing of the last one."""
    person = come(app, "account")
    client = create_app(app).test_client(use_cookies=False)
    answer = client.delete("/api/v1/session", headers={**WRITE, **person.headers})
    assert answer.status_code == 204
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
