"""Mails: asked for with the change, worded in two languages, handed in over TLS or written to a folder."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from urllib.parse import quote

import pytest
from sqlalchemy import delete, func, select, update
from structlog.testing import capture_logs

from moviefinder.app import make_app
from moviefinder.cli import data_folder, main
from moviefinder.config import Settings
from moviefinder.errors import Invalid, MailRefused, MailUnavailable
from moviefinder.services import mail
from moviefinder.services import sources as sources_service
from moviefinder.services.accounts import emails, links
from moviefinder.services.accounts.secrets import hash_of
from moviefinder.services.accounts.sessions import make_user
from moviefinder.services.mail import folder, handing_in, letters
from moviefinder.store import models
from moviefinder.web import create_app
from moviefinder.worker import run_due
from tests import smtp

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WRITE = {"X-Requested-With": "moviefinder"}
TO = "ada@example.org"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """The test server's certificate is one that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(smtp.certificate(tmp_path)))


@pytest.fixture
def server(tmp_path, trusted):
    """A mail server that speaks TLS from the first byte."""
    with smtp.running(tmp_path) as running:
        yield running


@pytest.fixture
def using():
    """The same App with a mail server, or other settings."""
    made = []

    def using(app, url="", **more):
        told = app.settings.model_dump() | {"mail_server": url} | more
        made.append(make_app(Settings(**told), look_every_s=0))
        return made[-1]

    yield using
    for app in made:
        app.close()


def post(app, template="reset", to=TO, user_id=None, language="en", **values):
    """Ask for a mail, with a link where it carries one."""
    now = datetime.now(UTC)
    with app.transaction() as session:
        link = None
        if mail.POSTS[template].has_link:
            link = links.make(session, "reset", email=to.lower(), user_id=user_id, now=now)
        mail.post(session, to, template, language=language, user_id=user_id, link=link, now=now, **values)


def user(app):
    """Somebody."""
    with app.transaction() as session:
        return make_user(session, now=NOW).id


def again(app):
    """Have what failed tried at once."""
    with app.transaction() as session:
        session.execute(update(models.Job).values(run_after=NOW))
        session.execute(update(models.Host).values(blocked_until=None, next_allowed_at=NOW))
    return run_due(app)


def waiting(app):
    """How many mails wait to be sent."""
    with app.reading() as session:
        return session.scalar(select(func.count()).select_from(models.Mail))


def job(app):
    """The state, attempts and error of the job that sends."""
    columns = (models.Job.state, models.Job.attempts, models.Job.error)
    with app.reading() as session:
        return tuple(session.execute(select(*columns).where(models.Job.kind == "send_mail")).one())


def token_in(message):
    """The token of the link in a mail; the same in both forms."""
    plain, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    (token,) = re.findall(r"/link/reset#([\w-]{43})\s", plain)
    assert set(re.findall(r"/link/reset#([\w-]+)", html)) == {token}
    return token


def written(app):
    """The mails of the folder, the oldest first."""
    paths = sorted((app.settings.data / "mail").glob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]


def is_open(app, token):
    """Whether a link's token opens anything."""
    with app.reading() as session:
        found = select(models.MailLink.id).where(models.MailLink.token_hash == hash_of(token))
        return session.scalar(found) is not None


# What goes out


def test_a_mail_goes_out_over_tls_with_a_link_that_opens(empty_app, server, using):
    """One recipient, one sender, both forms, the token that the database has the hash of, and nothing left behind."""
    app = using(
        empty_app, server.url, mail_from="Films <films@example.org>", base_url="https://films.example.org"
    )
    post(app, address="192.0.2.7", user_agent=FIREFOX)
    assert run_due(app) == 1
    (message,), (envelope,) = server.box.mails, server.box.envelopes
    assert envelope == ("films@example.org", [TO])
    assert (message["To"], message["From"]) == (TO, "Films <films@example.org>")
    assert message["Subject"] == "Choose a new password"
    assert message["Auto-Submitted"] == "auto-generated"
    assert is_open(app, token_in(message))
    plain = message.get_body(("plain",)).get_content()
    assert "https://films.example.org/link/reset#" in plain
    assert "Asked for from Firefox, Linux, 192.0.2.7." in plain
    assert waiting(app) == 0
    assert job(app)[0] == "done"


def test_without_a_server_mails_are_files_for_their_owner_alone(empty_app):
    """So that everything can be tried at home; the log says where, and neither to whom nor the token."""
    post(empty_app, "confirm")
    with capture_logs() as lines:
        assert run_due(empty_app) == 1
    (path,) = (empty_app.settings.data / "mail").glob("*.eml")
    assert re.fullmatch(r"000001-confirm-[0-9a-f]{16}\.eml", path.name)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path.parent, path)] == [0o700, 0o600]
    token = token_in(written(empty_app)[0])
    assert f"#{token}" in path.read_text(), "whoever opens the file as text can copy the link"
    (line,) = (line for line in lines if line["event"] == "mail.written")
    assert line["path"] == str(path)
    assert TO not in str(lines)
    assert token not in str(lines)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("template", sorted(mail.POSTS.keys() - {"none"}))
def test_each_mail_is_worded_in_both_languages(template, language, tmp_path):
    """Plain text and HTML say the same; nothing is loaded from anywhere, and nothing is left to be filled in."""
    settings = Settings(data=tmp_path, base_url="https://films.example.org")
    link = "https://films.example.org/link/reset#token" if mail.POSTS[template].has_link else None
    values = {"address": "2001:db8::7", "user_agent": "Firefox, Linux", "provider": "A & <b>B</b> {x}"}
    values = {name: value for name, value in values.items() if name in mail.POSTS[template].values}
    message = letters.letter(
        settings, to=TO, template=template, language=language, values=values, link=link, now=NOW
    )
    plain, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert 5 < len(message["Subject"]) < 60
    assert message["Content-Language"] == language
    assert (link in plain) == (link in html) == True if link else "/link/" not in plain + html  # noqa: E712
    assert "<b>B</b>" not in html
    assert ("A & <b>B</b> {x}" in " ".join(plain.split())) == ("provider" in values)
    assert not re.search(r"<img|src=|url\(|<link|<script|@import", html)
    assert set(re.findall(r'href="([^"]*)"', html)) == ({link} if link else set())
    without_values = plain.replace("{x}", "")
    assert not re.search(r"[{}]|None", without_values), plain
    assert all(len(line) <= 78 for line in plain.splitlines() if "://" not in line)
    assert len(plain.split()) < 110, "short"


def test_both_languages_have_the_same_texts():
    """And each template of `POSTS` its own, with a button exactly where there is a link."""
    english, german = letters.texts("en"), letters.texts("de")
    assert english.keys() == german.keys()
    for template, known in mail.POSTS.items():
        if template != "none":
            for every in (english, german):
                assert ("button" in every[template]) == known.has_link, template
                assert every[template].keys() - {"button"} == {"subject", "first", "last"}


@pytest.mark.parametrize(
    ("locale", "subject"),
    [("de-AT", "Wähle ein neues Passwort"), ("fr", "Choose a new password"), (None, "Choose a new password")],
)
def test_a_mail_speaks_the_persons_language(empty_app, locale, subject):
    """German where it begins so, else English."""
    post(empty_app, language=locale)
    run_due(empty_app)
    assert written(empty_app)[0]["Subject"] == subject


# Who gets none


def test_a_mail_that_is_none_costs_the_same_and_is_never_sent(empty_app):
    """The same statements as any other, so that nobody can tell; then it goes."""
    post(empty_app, "none")
    post(empty_app, "known")
    assert waiting(empty_app) == 2
    assert run_due(empty_app) == 2
    assert [message["Subject"] for message in written(empty_app)] == ["You already have an account"]
    assert waiting(empty_app) == 0


def test_mails_of_an_erased_person_are_never_sent(empty_app, server, using):
    """Neither the first time nor when it would have been tried again; the farewell, which is nobody's, is."""
    app = using(empty_app, server.url)
    gone = user(app)
    server.box.replies["RCPT"] = "451 later"
    post(app, user_id=gone)
    assert run_due(app) == 1
    assert waiting(app) == 1
    server.box.replies.clear()
    post(app, "password_changed", user_id=gone)
    with app.transaction() as session:
        session.execute(delete(models.User).where(models.User.id == gone))
    post(app, "account_erased")
    again(app)
    assert [message["Subject"] for message in server.box.mails] == ["Your account is erased"]
    assert waiting(app) == 0


def test_a_farewell_is_not_kept_in_a_folder(empty_app):
    """Nobody reads it there, and it would be what is left of the person."""
    post(empty_app, "account_erased")
    run_due(empty_app)
    assert not written(empty_app)


def test_who_is_erased_while_a_mail_is_written_keeps_none(empty_app, monkeypatch):
    """The row was there when the job began, and is not when it settles: the file goes again."""
    gone, keep = user(empty_app), folder.keep

    def erased_meanwhile(settings, message, **more):
        with empty_app.transaction() as session:
            session.execute(delete(models.User).where(models.User.id == gone))
        return keep(settings, message, **more)

    monkeypatch.setattr(folder, "keep", erased_meanwhile)
    post(empty_app, user_id=gone)
    run_due(empty_app)
    assert written(empty_app) == []


def test_a_link_that_is_void_by_now_is_not_sent(empty_app):
    """Void means gone with its mail; too old means that a click would only disappoint."""
    post(empty_app)
    with empty_app.transaction() as session:
        session.execute(update(models.MailLink).values(expires_at=NOW - timedelta(days=1)))
    post(empty_app, to="b@example.org")
    with empty_app.transaction() as session:
        links.void(session, email="b@example.org")
    run_due(empty_app)
    assert written(empty_app) == []
    assert waiting(empty_app) == 0


def test_mails_in_the_folder_go_with_their_person_and_with_time(empty_app):
    """By address, however it is spelled; and after a week."""
    for to in ("Ada@Example.org", "bob@example.org", "jörg@müller.example"):
        post(empty_app, "known", to=to)
    run_due(empty_app)
    assert mail.forget(empty_app.settings, to=[emails.fold(TO)]) == 1
    assert mail.forget(empty_app.settings, to=[emails.fold("Jörg@Müller.example")]) == 1
    (message,) = written(empty_app)
    assert message["To"] == "bob@example.org"
    (path,) = (empty_app.settings.data / "mail").glob("*.eml")
    for days, left in ((6, 1), (8, 0)):
        os.utime(path, (time.time() - days * 86400,) * 2)
        with empty_app.transaction() as session:
            mail.forget_old(session, empty_app.settings, now=datetime.now(UTC))
        assert len(written(empty_app)) == left


# What goes wrong


@pytest.mark.parametrize(
    ("step", "reply", "comes_again"),
    [
        ("RCPT", "550 5.1.1 <ada@example.org> unknown", False),
        ("DATA", "554 spam", False),
        ("RCPT", "450 greylisted, come again", True),
        ("DATA", "452 disk full", True),
        ("MAIL", "421 closing", True),
        ("MAIL", "550 you may not send as that", True),  # the operator's to mend
    ],
)
def test_a_refusal_for_good_ends_it_and_one_for_now_is_tried_again(
    empty_app, server, step, reply, comes_again, using
):
    """What the server says goes nowhere, for it tends to name the address; its number does."""
    app = using(empty_app, server.url)
    server.box.replies[step] = reply
    post(app)
    with capture_logs() as lines:
        run_due(app)
    state, attempts, error = job(app)
    assert (state, waiting(app)) == (("queued", 1) if comes_again else ("done", 0))
    assert attempts == 1
    assert reply[:3] in (error if comes_again else str(lines))
    assert TO not in str(lines) + str(error)
    if comes_again:
        server.box.replies.clear()
        again(app)
        assert [message["To"] for message in server.box.mails] == [TO]
        assert is_open(app, token_in(server.box.mails[0]))


def test_a_server_with_somebody_elses_certificate_gets_nothing(empty_app, tmp_path, using):
    """Nobody vouches for it; the mail waits."""
    with smtp.running(tmp_path) as server:
        app = using(empty_app, server.url)
        post(app)
        run_due(app)
    assert server.box.mails == []
    state, _, error = job(app)
    assert state == "queued"
    assert "is not to be trusted" in error


def test_a_certificate_for_another_name_is_refused(empty_app, tmp_path, monkeypatch):
    """Trusted, and not this server's."""
    pem = smtp.certificate(tmp_path, "elsewhere.example")
    pem.rename(tmp_path / "mail.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "mail.pem"))
    with smtp.running(tmp_path) as server, pytest.raises(MailUnavailable, match="not to be trusted"):
        hand_in(server.url)
    assert server.box.mails == []


def hand_in(url, to=TO, **more):
    """Hand a mail in, without a database."""
    settings = Settings(mail_server=url)
    message = letters.letter(settings, to=to, template="test", language="en", values={}, link=None, now=NOW)
    handing_in.hand_in(mail.server(settings), message, **more)


@pytest.mark.filterwarnings(
    "ignore:Requiring AUTH", "ignore:Session.login_data"
)  # the test server's own talk
@pytest.mark.parametrize("tls", ["smtps", "starttls"])
def test_name_and_password_are_given_over_tls_alone(tmp_path, trusted, tls):
    """Both ways to TLS; what an address must have escaped is unescaped; a wrong password waits for the operator."""
    user, password = quote(smtp.USER, safe=""), quote(smtp.PASSWORD, safe="")
    with smtp.running(tmp_path, tls=tls, auth=True) as server:
        scheme, _, place = server.url.partition("://")
        hand_in(f"{scheme}://{user}:{password}@{place}")
        with pytest.raises(MailUnavailable, match=r"does not take the name and password .*\(535\)") as failed:
            hand_in(f"{scheme}://{user}:wrong@{place}")
        with pytest.raises(MailUnavailable, match="530"):
            hand_in(server.url)
        with pytest.raises(MailUnavailable, match="ASCII") as beyond:
            hand_in(f"{scheme}://{user}:p%C3%A4ss@{place}")
    assert len(server.box.mails) == 1
    assert "wrong" not in str(failed.value)
    assert beyond.value.__cause__ is None


def test_nothing_is_sent_in_the_open(tmp_path):
    """A server that offers no TLS gets nothing, unless it is on this machine, where there is nobody in between."""
    with smtp.running(tmp_path, tls="none") as server:
        with pytest.raises(MailUnavailable, match="offers no TLS"):
            hand_in(server.url)
        assert server.box.mails == []
    with smtp.running(tmp_path, tls="none", host="127.0.0.1") as server:
        hand_in(server.url)
        assert len(server.box.mails) == 1


@pytest.mark.parametrize(
    "lines",
    [
        [],  # nothing at all
        [b"220 hello"],
        [b"220 hello", b"250 ok", b"250 sender ok"],
        [b"220 hello", b"250 ok", b"250 sender ok", b"250 recipient ok", b"354 go on"],
        [b"220 hello", b""],
        [b"220 hello", b"250 ok", b"250 sender ok", b"250 recipient ok", b"354 go on", b""],
        [b"220 hello", b"250 ok", b"250 sender ok", b"250 recipient ok", b"354 go on", b"garbage"],
        [b"554 not you"],
        [b"garbage"],
        [b"220 " + b"x" * 100_000],
    ],
)
def test_a_server_that_hangs_or_dies_at_any_point_is_given_up_in_time(lines):
    """Silence, an end in the middle of the mail, nonsense: each is worth another try, and soon known."""
    began = time.monotonic()
    with smtp.failing(lines) as url, pytest.raises(MailUnavailable):
        hand_in(url, whole_s=1.0)
    assert time.monotonic() - began < 3


def test_a_server_that_says_a_byte_now_and_then_is_given_up_in_time():
    """No step's time-out would ever end it; nor would it while TLS is made."""
    for scheme in ("smtp", "smtps"):
        began = time.monotonic()
        with smtp.failing([], trickle_s=0.1) as url, pytest.raises(MailUnavailable):
            hand_in(url.replace("smtp", scheme, 1), whole_s=1.0)
        assert time.monotonic() - began < 3


def test_a_server_that_is_not_there_is_left_alone_after_five_times(empty_app, server, using):
    """Then mails wait without counting as tried, and what is told of it on the page is true."""
    app = using(empty_app, "smtp://127.0.0.1:1")
    post(app)
    for _ in range(5):
        again(app)
    with app.transaction() as session:
        session.execute(update(models.Job).values(run_after=NOW))
    run_due(app)
    assert job(app)[:2] == ("queued", 5)
    with app.reading() as session:
        (row,) = (row for row in sources_service.states(app, session, may_operate=True) if row.name == "mail")
    assert (row.hosts[0].host.host, row.hosts[0].calls) == ("127.0.0.1", 5)
    assert "does not answer" in row.hosts[0].last_error


def test_a_worker_killed_between_sealing_and_sending_does_no_harm(tmp_path):
    """Its token opens nothing any more, the next worker sends one mail, and the link of that one works."""
    data = tmp_path / "data"
    settings = Settings(data=data)
    data_folder.make(data)
    app, _ = data_folder.prepare(settings)
    with smtp.failing([b"220 hello"]) as url:
        worker = start_worker(data, url)
        post(app)
        until(lambda: hash_in(app) is not None)
        worker.kill()
        worker.wait()
    first = hash_in(app)
    assert waiting(app) == 1
    with smtp.running(tmp_path, tls="none", host="127.0.0.1") as server:
        worker = start_worker(data, server.url)
        until(lambda: waiting(app) == 0)
        worker.send_signal(signal.SIGTERM)
        worker.wait()
    (message,) = server.box.mails
    assert hash_in(app) == hash_of(token_in(message)) != first
    app.close()


def start_worker(data, url):
    """A worker of the installed kind, with a mail server."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("MOVIEFINDER_")}
    return subprocess.Popen(
        [sys.executable, "-m", "moviefinder", "worker", "--data", data],
        env=env | {"MOVIEFINDER_MAIL_SERVER": url},
        stderr=subprocess.DEVNULL,
    )


def hash_in(app):
    """The hash of the only link's token."""
    with app.reading() as session:
        return session.scalar(select(models.MailLink.token_hash))


def until(condition):
    """Wait for a condition."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


# Hostile strings

HOSTILE = [
    "ada@example.org\r\nBcc: everybody@example.org",
    "ada@example.org\nSubject: hello",
    "ada@example.org, bob@example.org",
    "ada@example.org;bob@example.org",
    "ada@example.org\x00",
    "ada@example.org\u2028Bcc: x",
    "ada@example.org\x85",
    "<ada@example.org>",
    "Ada <ada@example.org>",
    '"a b"@example.org',
    "ada@example.org>\r\nRCPT TO:<bob@example.org",
    "ada@bob@example.org",
    "@example.org",
    "ada@",
    "ada",
    "",
    "a" * 300 + "@example.org",
]


@pytest.mark.parametrize("to", HOSTILE)
def test_an_address_that_is_more_than_one_gets_no_mail(empty_app, to):
    """Neither when it is asked for nor, had it got into the table by another way, when it would be sent."""
    with pytest.raises(Invalid) as refused:
        post(empty_app, "known", to=to)
    assert refused.value.field == "email"
    assert waiting(empty_app) == 0


@pytest.mark.parametrize("to", [to for to in HOSTILE if "\x00" not in to and "@" in to])
def test_a_hostile_address_in_the_table_adds_no_header_and_no_recipient(tmp_path, to):
    """The mail is refused before the server hears of it, or it is to that one address."""
    with smtp.running(tmp_path, tls="none", host="127.0.0.1") as server:
        try:
            hand_in(server.url, to=to)
        except MailRefused:
            assert server.box.mails == []
            return
    (message,), ((_, recipients),) = server.box.mails, server.box.envelopes
    assert len(recipients) == 1
    assert "everybody" not in str(recipients)
    assert message["Bcc"] is None
    assert message.get_all("Subject") == ["Mails work"]
    assert len(message["To"].addresses) == 1


def test_what_a_stranger_chooses_is_in_no_mail(empty_app):
    """A browser's name is said in our words, an address as a number; who asks cannot write through us."""
    post(empty_app, address="<b>x</b>", user_agent="Visit https://evil.example\r\nFirefox <script>")
    run_due(empty_app)
    (message,) = written(empty_app)
    text = message.as_string()
    assert "evil" not in text
    assert "<b>x" not in text
    assert "from Firefox." in message.get_body(("plain",)).get_content()


def test_a_template_takes_only_what_it_knows(empty_app):
    """A name, or another address, has no place to go to."""
    for more in ({"name": "x"}, {"provider": "x"}):
        with pytest.raises(ValueError, match="takes"):
            post(empty_app, "known", **more)
    with empty_app.transaction() as session, pytest.raises(ValueError, match="link"):
        mail.post(session, TO, "reset", language="en", now=NOW)


def test_addresses_beyond_ascii_reach_servers_that_know_them(tmp_path):
    """A host name always; what stands before it only where the server can."""
    with smtp.running(tmp_path, tls="none", host="127.0.0.1", utf8=True) as server:
        hand_in(server.url, to="jörg@müller.example")
        assert server.box.envelopes[0][1] == ["jörg@xn--mller-kva.example"]
    with smtp.running(tmp_path, tls="none", host="127.0.0.1") as server:
        hand_in(server.url, to="ada@müller.example")
        assert server.box.envelopes[0][1] == ["ada@xn--mller-kva.example"]
        with pytest.raises(MailRefused, match="ASCII"):
            hand_in(server.url, to="jörg@müller.example")


# The operator's side


def test_the_command_tries_the_settings(tmp_path, capsys, monkeypatch):
    """It says who took the mail, why not, or where the file is."""
    monkeypatch.setenv("MOVIEFINDER_DATA", str(tmp_path / "data"))
    main_ends("mail", "test", TO)
    assert str(tmp_path / "data" / "mail" / "000000-test.eml") in capsys.readouterr().out
    with smtp.running(tmp_path, tls="none", host="127.0.0.1") as server:
        monkeypatch.setenv("MOVIEFINDER_MAIL_SERVER", server.url)
        main_ends("mail", "test", TO, "--language", "de")
        assert f"took the mail to {TO}" in capsys.readouterr().out
        assert server.box.mails[0]["Subject"] == "Mails kommen an"
        server.box.replies["RCPT"] = "550 no"
        main_ends("mail", "test", TO, code=1)
        assert "refuses this mail (550)" in capsys.readouterr().err
    main_ends("mail", "test", TO, code=1)
    assert "does not answer" in capsys.readouterr().err
    main_ends("mail", "test", "nobody", code=2)
    monkeypatch.setenv("MOVIEFINDER_OFFLINE", "true")
    main_ends("mail", "test", TO)
    assert "this install is offline" in capsys.readouterr().out


def main_ends(*arguments, code=0):
    """Run a command, which ends so."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert (ended.value.code or 0) == code


def test_a_sender_that_is_none_is_said(tmp_path):
    """In the setting's name; by default the sender is of the host that people use."""
    for mail_from in ("films", "films@", "a@b\r\nBcc: c@d", "a@exa mple.org"):
        with pytest.raises(Invalid, match="mail_from"):
            letters.letter(
                Settings(data=tmp_path, mail_from=mail_from),
                to=TO, template="test", language="en", values={}, link=None, now=NOW,
            )  # fmt: skip
    for base_url, sender in (
        ("https://films.example.org", "MovieFinder <moviefinder@films.example.org>"),
        ("http://192.0.2.1:8000", "MovieFinder <moviefinder@localhost>"),
    ):
        settings = Settings(data=tmp_path, base_url=base_url)
        message = letters.letter(
            settings, to=TO, template="test", language="en", values={}, link=None, now=NOW
        )
        assert message["From"] == sender


PROVIDERS = {
    "google": {"issuer": "https://accounts.google.com", "client_id": "x", "title": "Google"},
    "facebook": {"client_id": "x", "client_secret": "y"},
}


def test_the_page_says_who_is_called_for_accounts(app, using):
    """The mail server and each provider that is configured, with what it is sent; nobody where nothing is."""

    def rows(**more):
        shown = using(app, **more)
        with shown.reading() as session:
            states = sources_service.states(shown, session, may_operate=True)
        return {state.name: state for state in states}

    assert not {"mail", "sign-in-google"} & rows().keys()
    found = rows(url="smtps://ada:secret@mail.example.org", providers=PROVIDERS)
    hosts = {name: [host.host.host for host in found[name].hosts] for name in found}
    assert hosts["mail"] == ["mail.example.org"]
    assert hosts["sign-in-google"] == ["accounts.google.com"]
    assert hosts["sign-in-facebook"] == ["graph.facebook.com"]
    for name in ("mail", "sign-in-google", "sign-in-facebook"):
        row = found[name]
        assert (row.switch.is_on, str(row.switch.decided_by), row.may_switch) == (True, "settings", False)
        assert row.hosts[0].host.purpose
        assert row.hosts[0].host.sends
    offline = rows(url="smtps://mail.example.org", providers=PROVIDERS, offline=True)
    assert not any(offline[name].switch.is_on for name in ("mail", "sign-in-google"))


def test_strangers_are_not_told_where_the_operators_own_hosts_are(app, using):
    """The mail server, and a source's address that the operator wrote: what for and what is sent, and no name."""
    written = {"wikipedia": {"address": "http://cache.home:81", "on": True}}
    public = using(app, "smtps://mail.home", base_url="https://films.example", sources=written)
    strangers = create_app(public).test_client()
    body = strangers.get("/api/v1/sources", base_url="https://films.example").get_data(as_text=True)
    assert ".home" not in body
    assert body.count("set by the operator") == 2
    operators = create_app(using(app, "smtps://mail.home", sources=written)).test_client()
    body = operators.get("/api/v1/sources").get_data(as_text=True)
    assert "mail.home" in body
    assert "cache.home" in body
