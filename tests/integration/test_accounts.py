"""Accounts by e-mail: asked for, confirmed, signed in to, changed, left; and what strangers learn of them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from moviefinder.app import make_app
from moviefinder.services.accounts import invitations, links
from moviefinder.store.models import Identity, Mail, MailLink, Session, User
from tests.conftest import WRITE
from tests.people import EMAIL, PASSWORD, Browser, token_of

OTHER = "the-other-way-round"


@pytest.fixture
def browser(app):
    """Somebody's browser."""
    return Browser(app)


@pytest.fixture
def anna(app):
    """Somebody who has an account, in the browser in which she confirmed it."""
    return Browser(app).with_account()


def newest_mail(app):
    """Template and address of the mail that was asked for last."""
    with app.reading() as session:
        mail = session.scalar(select(Mail).order_by(Mail.id.desc()).limit(1))
    return mail and (mail.template, mail.to)


def count(app, table, *conditions):
    """How many rows there are."""
    with app.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions))


# Signing up


def test_a_guest_who_signs_up_keeps_what_they_said(app, browser):
    """The guest becomes the account once the mailbox's owner has used the link; the old token opens nothing."""
    browser.say(1, verdict="liked")
    guest, cookie = browser.who(), browser.cookie
    assert browser.post("/account", email=EMAIL, password=PASSWORD, name="Anna").status_code == 202
    assert count(app, Identity) == 0
    assert browser.who()["guest"]
    answer = browser.post("/account/links/use", token=token_of(app, "confirm"))
    assert answer.json["user"] == guest | {"guest": False, "name": "Anna", "operator": True}
    assert browser.cookie != cookie
    assert browser.liked() == [1]
    assert Browser(app, cookie=cookie).get("/session").status_code == 401


def test_who_asked_in_no_browser_gets_a_user_when_the_mailbox_answers(app, browser):
    """Asking makes nobody; using the link makes one user and one identity."""
    browser.post("/account", email=EMAIL, password=PASSWORD)
    assert (count(app, User), count(app, Identity)) == (0, 0)
    browser.post("/account/links/use", token=token_of(app, "confirm"))
    assert (count(app, User), count(app, Identity)) == (1, 1)


def test_a_link_that_is_opened_in_another_browser_asks_for_the_password(app, browser):
    """A stranger's sign-up with somebody's address gives them nothing when the owner clicks."""
    browser.post("/account", email=EMAIL, password=PASSWORD)
    token, elsewhere = token_of(app, "confirm"), Browser(app)
    for password in ({}, {"password": OTHER}):
        answer = elsewhere.post("/account/links/use", token=token, **password)
        assert (answer.status_code, answer.json["needs"]) == (403, "password")
    assert count(app, User) == 0
    assert elsewhere.post("/account/links/use", token=token, password=PASSWORD).json["user"]


def test_a_link_works_once(app, browser):
    """The second use is told that the link is void."""
    browser.post("/account", email=EMAIL, password=PASSWORD)
    token = token_of(app, "confirm")
    assert browser.post("/account/links/use", token=token).status_code == 200
    again = Browser(app).post("/account/links/use", token=token, password=PASSWORD)
    assert (again.status_code, again.json["type"]) == (409, "/problems/link-void")


def test_a_link_that_is_too_old_opens_nothing(app, browser):
    """After its time it is as void as one that never was."""
    browser.post("/account", email=EMAIL, password=PASSWORD)
    token = token_of(app, "confirm")
    with app.transaction() as session:
        session.execute(update(MailLink).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert browser.post("/account/links/use", token=token).status_code == 409


def test_one_address_has_one_account_however_often_it_is_asked_for(app, browser):
    """Of two who asked, whoever confirms first has it; the other's link is void with that."""
    stranger = Browser(app)
    stranger.post("/account", email=EMAIL.upper(), password=OTHER)
    strangers = token_of(app, "confirm")
    browser.post("/account", email=EMAIL, password=PASSWORD)
    assert browser.post("/account/links/use", token=token_of(app, "confirm")).status_code == 200
    assert stranger.post("/account/links/use", token=strangers).status_code == 409
    assert count(app, Identity) == 1


@pytest.mark.parametrize("same_link", [True, False])
def test_two_browsers_that_confirm_at_once_make_one_account(app, same_link):
    """With one link or with two to one mailbox: one answer is a session, the other says that the link is void."""
    one, other = Browser(app), Browser(app)
    one.post("/account", email=EMAIL, password=PASSWORD)
    tokens = [token_of(app, "confirm")]
    if not same_link:
        other.post("/account", email=EMAIL, password=PASSWORD)
        tokens.append(token_of(app, "confirm"))
    with ThreadPoolExecutor(2) as pool:
        use = [
            pool.submit(who.post, "/account/links/use", token=token, password=PASSWORD)
            for who, token in zip((one, other), tokens * 2, strict=False)
        ]
        assert sorted(done.result().status_code for done in use) == [200, 409]
    assert (count(app, Identity), count(app, User)) == (1, 1)


def test_a_known_address_is_told_to_its_mailbox_alone(app, anna):
    """The mail goes to the address as it was proved, and carries no link; the answer is the same as ever."""
    answer = Browser(app).post("/account", email=EMAIL.upper(), password=OTHER)
    assert (answer.status_code, answer.json) == (202, {"sent": True})
    assert newest_mail(app) == ("known", EMAIL)
    assert count(app, MailLink, MailLink.token_hash.is_not(None)) == 0


def test_a_known_address_is_written_to_in_its_owners_language(app, anna):
    """Not in that of whoever typed it."""
    anna.client.patch("/api/v1/account", json={"language": "de"}, headers=WRITE)
    Browser(app).post("/account", email=EMAIL, password=OTHER, language="en")
    assert count(app, Mail, Mail.template == "known", Mail.language == "de") == 1


def test_the_first_account_of_a_local_install_runs_it_and_no_other_does(app):
    """Two that are confirmed at once have one operator between them."""
    browsers = [Browser(app), Browser(app)]
    tokens = []
    for browser, email in zip(browsers, ("one@example.org", "two@example.org"), strict=True):
        browser.post("/account", email=email, password=PASSWORD)
        tokens.append(token_of(app, "confirm"))
    with ThreadPoolExecutor(2) as pool:
        done = list(
            pool.map(
                lambda pair: pair[0].post("/account/links/use", token=pair[1]),
                zip(browsers, tokens, strict=True),
            )
        )
    assert sorted(answer.json["user"]["operator"] for answer in done) == [False, True]


def test_a_guest_is_made_by_hand(browser):
    """Without an address; who has a session keeps it."""
    first = browser.post("/account", guest=True).json["user"]
    assert first["guest"]
    assert browser.post("/account", guest=True).json["user"] == first


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": EMAIL}, "password"),
        ({"password": PASSWORD}, "email"),
        ({"email": "nobody", "password": PASSWORD}, "email"),
        ({"email": "a@b@example.org", "password": PASSWORD}, "email"),
        ({"email": EMAIL, "password": "password2024!"}, "password"),
        ({"email": EMAIL, "password": PASSWORD, "guest": True}, "guest"),
    ],
)
def test_what_cannot_be_an_account_is_refused_by_field(browser, body, field):
    """And nothing is sent."""
    answer = browser.post("/account", **body)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


# Signing in and out


def test_signing_in_and_out(app, anna):
    """A new token each time; after signing out the old one opens nothing."""
    browser = Browser(app)
    answer = browser.post("/session", email=EMAIL.upper(), password=PASSWORD)
    assert answer.json["user"]["id"] == anna.who()["id"]
    cookie = browser.cookie
    assert browser.client.delete("/api/v1/session", headers=WRITE).status_code == 204
    assert Browser(app, cookie=cookie).get("/session").status_code == 401


@pytest.mark.parametrize(
    ("email", "password"), [(EMAIL, OTHER), ("nobody@example.org", PASSWORD), ("no address", PASSWORD)]
)
def test_what_does_not_match_is_told_in_one_way(app, anna, email, password):
    """Unknown, malformed or wrong: the same status, words and headers."""
    browser = Browser(app)
    wrong = browser.post("/session", email=EMAIL, password=OTHER)
    answer = browser.post("/session", email=email, password=password)

    def comparable(response):
        return (
            response.status_code,
            {name: value for name, value in response.json.items() if name != "request_id"},
            {name: value for name, value in response.headers if name not in ("X-Request-ID", "Date")},
        )

    assert comparable(answer) == comparable(wrong)
    assert answer.json["type"] == "/problems/wrong-secret"


def test_an_ended_cookie_is_no_reason_not_to_sign_in(app, anna):
    """Somebody who comes back after weeks signs in with the old cookie still there."""
    browser = Browser(app, cookie="ended-long-ago")
    assert browser.post("/session", email=EMAIL, password=PASSWORD).json["user"]


def test_after_a_hundred_failures_the_mailbox_is_asked_and_live_sessions_go_on(app, anna):
    """The right password is refused as a wrong one is; a link of a mail opens it again."""
    with app.transaction() as session:
        session.execute(update(Identity).values(failed_count=100))
    browser = Browser(app)
    locked = browser.post("/session", email=EMAIL, password=PASSWORD)
    assert locked.status_code == 403
    assert newest_mail(app) == ("sign_in_locked", EMAIL)
    assert anna.who()
    assert browser.post("/account/links/use", token=token_of(app, "unlock")).status_code == 200
    assert browser.post("/session", email=EMAIL, password=PASSWORD).status_code == 200
    assert count(app, Identity, Identity.failed_count == 0) == 1


def test_signing_in_too_often_is_refused_before_the_password_is_looked_at(app, anna):
    """Ten in five minutes by account; the answer says when to come again."""
    browser = Browser(app)
    for _ in range(10):
        assert browser.post("/session", email=EMAIL, password=OTHER).status_code == 403
    refused = browser.post("/session", email=EMAIL, password=PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 300


def test_proving_anew_makes_the_session_fresh_under_a_new_token(app, anna):
    """What needs it is refused ten minutes after signing in, and allowed after the password."""
    anna.stale()
    cookie = anna.cookie
    refused = anna.put("/account/password", password=OTHER)
    assert (refused.status_code, refused.json["type"]) == (403, "/problems/sign-in-again")
    assert anna.post("/session/again", password=OTHER).status_code == 403
    assert anna.post("/session/again", password=PASSWORD).status_code == 200
    assert anna.cookie != cookie
    assert anna.put("/account/password", password=OTHER).status_code == 200


# Changing


def test_a_new_password_ends_all_other_sessions_and_links(app, anna):
    """And the mailbox is told."""
    elsewhere = Browser(app)
    elsewhere.post("/session", email=EMAIL, password=PASSWORD)
    elsewhere.post("/account/links", purpose="reset", email=EMAIL)
    token, cookie = token_of(app, "reset"), anna.cookie
    assert anna.put("/account/password", password=OTHER).json["user"]
    assert newest_mail(app) == ("password_changed", EMAIL)
    assert elsewhere.get("/session").status_code == 401
    assert Browser(app, cookie=cookie).get("/session").status_code == 401
    assert anna.who()
    assert elsewhere.post("/account/links/use", token=token, password=PASSWORD).status_code == 409
    assert Browser(app).post("/session", email=EMAIL, password=PASSWORD).status_code == 403
    assert Browser(app).post("/session", email=EMAIL, password=OTHER).status_code == 200


def test_a_forgotten_password_is_replaced_by_mail(app, anna):
    """All sessions end, this browser is signed in; a weak one is refused and costs the link nothing."""
    browser = Browser(app)
    assert browser.post("/account/links", purpose="reset", email=EMAIL).json == {"sent": True}
    token = token_of(app, "reset")
    assert browser.post("/account/links/use", token=token, password="12345678").status_code == 422
    assert browser.post("/account/links/use", token=token, password=OTHER).json["user"]
    assert anna.get("/session").status_code == 401
    assert browser.who()["id"]


def test_a_reset_for_nobody_writes_as_much_and_sends_nothing(app, anna):
    """The same answer; the mail that is written is none."""
    answer = Browser(app).post("/account/links", purpose="reset", email="nobody@example.org")
    assert (answer.status_code, answer.json) == (202, {"sent": True})
    assert newest_mail(app) == ("none", "nobody@example.org")


def test_an_address_is_changed_once_its_mailbox_has_answered(app, anna):
    """Until then the old one signs in; both are told; other sessions end, this one goes on."""
    elsewhere = Browser(app)
    elsewhere.post("/session", email=EMAIL, password=PASSWORD)
    assert anna.put("/account/email", email="new@example.org").status_code == 202
    with app.reading() as session:
        newest = session.execute(select(Mail.template, Mail.to).order_by(Mail.id.desc()).limit(2))
        asked = {(row.template, row.to) for row in newest}
    assert asked == {("email_change", "new@example.org"), ("email_asked", EMAIL)}
    assert anna.get("/account").json["email"] == EMAIL
    assert anna.post("/account/links/use", token=token_of(app, "email")).json["user"]
    assert newest_mail(app) == ("email_changed", EMAIL)
    assert anna.get("/account").json["email"] == "new@example.org"
    assert elsewhere.get("/session").status_code == 401
    assert Browser(app).post("/session", email=EMAIL, password=PASSWORD).status_code == 403
    assert Browser(app).post("/session", email="new@example.org", password=PASSWORD).status_code == 200


def test_a_strangers_click_does_not_give_their_address_away(app, anna):
    """The link to a new address wants the account's owner: signed in, or with the password."""
    anna.put("/account/email", email="new@example.org")
    token, stranger = token_of(app, "email"), Browser(app)
    answer = stranger.post("/account/links/use", token=token)
    assert (answer.status_code, answer.json["needs"]) == (403, "password")
    assert stranger.post("/account/links/use", token=token, password=PASSWORD).json == {
        "user": None,
        "second_factor": None,
    }
    assert anna.get("/session").status_code == 401


def test_only_the_latest_wish_for_an_address_counts(app, anna):
    """A link to an address that was asked for before is void, and a reset voids the one that waits."""
    anna.put("/account/email", email="first@example.org")
    first = token_of(app, "email")
    anna.put("/account/email", email="second@example.org")
    assert anna.post("/account/links/use", token=first).status_code == 409
    second = token_of(app, "email")
    browser = Browser(app)
    browser.post("/account/links", purpose="reset", email=EMAIL)
    browser.post("/account/links/use", token=token_of(app, "reset"), password=OTHER)
    assert anna.post("/account/links/use", token=second).status_code == 409


def test_an_address_of_somebody_else_is_asked_for_in_vain(app, anna):
    """The same answer; its owner is told, and no link exists."""
    other = Browser(app).with_account("other@example.org")
    answer = other.put("/account/email", email=EMAIL)
    assert (answer.status_code, answer.json) == (202, {"sent": True})
    assert count(app, Mail, Mail.template == "known", Mail.to == EMAIL) == 1
    assert count(app, Mail, Mail.template == "email_change") == 0


def test_an_address_that_was_taken_meanwhile_is_told_so(app, anna):
    """Two who ask for a free address: the second finds it taken, and keeps the one that they have."""
    other = Browser(app).with_account("other@example.org")
    anna.put("/account/email", email="new@example.org")
    first = token_of(app, "email")
    other.put("/account/email", email="new@example.org")
    second = token_of(app, "email")
    assert anna.post("/account/links/use", token=first).status_code == 200
    assert other.post("/account/links/use", token=second).status_code == 409
    assert other.get("/account").json["email"] == "other@example.org"


def test_a_guest_cannot_take_an_address_past_the_registration(app, browser):
    """They sign up, as everybody does."""
    browser.post("/account", guest=True)
    assert browser.put("/account/email", email=EMAIL, password=PASSWORD).status_code == 403
    assert browser.put("/account/password", password=PASSWORD).status_code == 409


def test_the_account_says_what_it_knows(app, anna):
    """And takes a name and a language, but no passkey where there is none."""
    found = anna.get("/account").json
    assert [way["kind"] for way in found["ways"]] == ["password"]
    assert (found["email"], found["fresh"], found["merges"]) == (EMAIL, True, [])
    changed = anna.client.patch(
        "/api/v1/account", json={"name": " Ann ", "language": "de"}, headers=WRITE
    ).json
    assert (changed["name"], changed["language"]) == ("Ann", "de")
    assert anna.who()["name"] == "Ann"
    refused = anna.client.patch("/api/v1/account", json={"asks_passkey": True}, headers=WRITE)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "asks_passkey")


# Sessions


def test_sessions_are_listed_and_ended_one_by_one_and_together(app, anna):
    """Each with its browser; the one that asks is marked, and stays when the others go."""
    browsers = [Browser(app) for _ in range(3)]
    for browser in browsers:
        browser.post("/session", email=EMAIL, password=PASSWORD)
    listed = anna.get("/sessions").json["items"]
    assert len(listed) == 4
    (mine,) = [row for row in listed if row["current"]]
    other = next(row for row in listed if not row["current"])
    assert anna.delete(f"/sessions/{other['id']}").status_code == 204
    assert anna.delete(f"/sessions/{other['id']}").status_code == 404
    assert sum(browser.get("/session").status_code == 200 for browser in browsers) == 2
    assert anna.delete("/sessions").status_code == 204
    assert [row["id"] for row in anna.get("/sessions").json["items"]] == [mine["id"]]
    ended = anna.delete(f"/sessions/{mine['id']}")
    assert "Clear-Site-Data" in ended.headers
    assert anna.get("/session").json["user"] is None


def test_nobody_ends_a_session_of_somebody_else(app, anna):
    """It is as if it were not there."""
    other = Browser(app).with_account("other@example.org")
    theirs = anna.get("/sessions").json["items"][0]["id"]
    assert other.delete(f"/sessions/{theirs}").status_code == 404
    assert anna.who()


def test_a_new_token_wins_no_time(app, anna):
    """A session that goes on under another token ends when it would have, and is as fresh as it was."""
    began = datetime.now(UTC) - timedelta(days=29)
    with app.transaction() as session:
        session.execute(update(Session).values(created_at=began))
    anna.put("/account/password", password=OTHER)
    (row,) = anna.get("/sessions").json["items"]
    assert datetime.fromisoformat(row["expires_at"]) == began + timedelta(days=30)


def test_whose_an_address_is_stands_in_nobodys_rows(app, anna):
    """A mail to an address that somebody asked for is neither theirs nor its account's."""
    other = Browser(app).with_account("other@example.org")
    for email in (EMAIL, "free@example.org"):
        other.put("/account/email", email=email)
        Browser(app).post("/account", email=email, password=PASSWORD)
    assert (
        count(app, Mail, Mail.template.in_(["known", "email_change", "confirm"]), Mail.user_id.is_not(None))
        == 0
    )


# At once


@pytest.fixture
def patient(app):
    """The same install, where nobody is told to come again."""
    many = {"sign_ins_per_5min": 10_000, "resets_per_day": 10_000, "resets_per_5min": 10_000}
    patient = make_app(app.settings.model_copy(update=many), look_every_s=0)
    yield patient
    patient.close()


def at_once(*acts):
    """Do all of it at once; the answers."""
    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.result() for done in [pool.submit(act) for act in acts]]


def test_of_two_who_reset_with_one_link_one_does(app, anna):
    """The other is told that it is void, and their password is not the account's."""
    browsers = [Browser(app), Browser(app)]
    browsers[0].post("/account/links", purpose="reset", email=EMAIL)
    token = token_of(app, "reset")
    words = ["the-first-of-two", "the-second-of-two"]
    done = at_once(
        *(
            lambda browser=browser, word=word: browser.post("/account/links/use", token=token, password=word)
            for browser, word in zip(browsers, words, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in done) == [200, 409]
    won = words[[answer.status_code for answer in done].index(200)]
    assert [
        Browser(app).post("/session", email=EMAIL, password=word).status_code == 200 for word in words
    ] == [word == won for word in words]


def test_of_two_who_change_to_one_address_at_once_one_does(app, anna):
    """The other keeps the address that they had."""
    other = Browser(app).with_account("other@example.org")
    people, tokens = [anna, other], []
    for person in people:
        person.put("/account/email", email="new@example.org")
        tokens.append(token_of(app, "email"))
    done = at_once(
        *(
            lambda person=person, token=token: person.post("/account/links/use", token=token)
            for person, token in zip(people, tokens, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in done) == [200, 409]
    assert count(app, Identity, Identity.subject == "new@example.org") == 1
    assert count(app, Identity) == 2


def test_everything_at_once_on_one_account_ends_in_words(patient):
    """Signing in, changing, resetting, merging and ending, all of one account: no failure of ours, one password."""
    anna = Browser(patient).with_account()
    answers = []
    for _ in range(4):
        guest, signed_in, resetting = Browser(patient), Browser(patient), Browser(patient)
        guest.say(3, verdict="liked")
        signed_in.post("/session", email=EMAIL, password=PASSWORD)
        resetting.post("/account/links", purpose="reset", email=EMAIL)
        token = token_of(patient, "reset")
        answers += at_once(
            lambda guest=guest: guest.post("/session", email=EMAIL, password=PASSWORD),
            lambda one=anna: one.put("/account/password", password=PASSWORD),
            lambda one=signed_in: one.post("/session/again", password=PASSWORD),
            lambda one=anna: one.put("/account/email", email="new@example.org"),
            lambda one=resetting, token=token: one.post("/account/links/use", token=token, password=PASSWORD),
            lambda one=signed_in: one.delete("/sessions"),
        )
        anna = Browser(patient)
        assert anna.post("/session", email=EMAIL, password=PASSWORD).status_code == 200
    assert {answer.status_code for answer in answers} <= {200, 202, 204, 401, 403, 409}
    assert count(patient, Identity) == 1


def test_six_browsers_sign_in_to_one_account_at_once(patient):
    """None waits for another for good; who finds too many at it is told to come again."""
    Browser(patient).with_account()
    for _ in range(3):
        browsers = [Browser(patient) for _ in range(6)]
        done = at_once(
            *(
                lambda one=one, word=word: one.post("/session", email=EMAIL, password=word)
                for one, word in zip(browsers, [PASSWORD, PASSWORD, OTHER] * 2, strict=True)
            )
        )
        for answer, right in zip(done, [200, 200, 403] * 2, strict=True):
            assert answer.status_code in (right, 429)


def test_a_browser_may_like_to_read_anything(app, browser):
    """What is no language of ours is none."""
    headers = WRITE | {"Accept-Language": "x" * 100}
    body = {"email": EMAIL, "password": PASSWORD}
    assert browser.client.post("/api/v1/account", json=body, headers=headers).status_code == 202
    assert browser.post("/account/links/use", token=token_of(app, "confirm")).status_code == 200
    assert browser.get("/account").json["language"] is None


def test_a_key_that_comes_again_after_signing_in_is_answered_as_it_was(app, anna):
    """The page's queue sends a like again that it got no answer to, and the like is there once."""
    guest = Browser(app)
    body, headers = {"verdict": "liked"}, WRITE | {"Idempotency-Key": "k1"}
    first = guest.client.patch("/api/v1/library/imdb:tt0000003", json=body, headers=headers)
    guest.post("/session", email=EMAIL, password=PASSWORD)
    again = guest.client.patch("/api/v1/library/imdb:tt0000003", json=body, headers=headers)
    assert again.json["change"] == first.json["change"]
    assert guest.liked() == [3]


# Who may


def test_where_accounts_are_made_by_invitation_one_makes_one(app):
    """Without one nobody is asked; with one it is used up when the mailbox answers."""
    invited = make_app(app.settings.model_copy(update={"registration": "invited"}), look_every_s=0)
    now = datetime.now(UTC)
    with invited.transaction() as session:
        _, token = invitations.make(session, note="Anna", made_by=None, now=now)
    browser, other = Browser(invited), Browser(invited)
    refused = browser.post("/account", email=EMAIL, password=PASSWORD)
    assert (refused.status_code, refused.json["type"]) == (403, "/problems/no-registration")
    browser.post("/account", email=EMAIL, password=PASSWORD, invitation=token)
    first = token_of(invited, "confirm")
    other.post("/account", email="other@example.org", password=PASSWORD, invitation=token)
    second = token_of(invited, "confirm")
    done = at_once(
        lambda: browser.post("/account/links/use", token=first),
        lambda: other.post("/account/links/use", token=second),
    )
    assert sorted(answer.status_code for answer in done) == [200, 409]
    assert count(invited, Identity) == 1
    assert count(invited, User) == 1
    invited.close()


def test_where_registration_is_closed_nobody_signs_up(app):
    """Known or not."""
    closed = make_app(app.settings.model_copy(update={"registration": "closed"}), look_every_s=0)
    assert Browser(closed).post("/account", email=EMAIL, password=PASSWORD).status_code == 403
    assert Browser(closed).get("/account/options").json["registration"] == "closed"
    closed.close()


# What the outside may know


def test_the_options_name_the_ways_of_this_install(app):
    """The same for everybody, and nothing of anybody."""
    options = Browser(app).get("/account/options").json
    assert options == {
        "registration": "open",
        "guests": True,
        "providers": [],
        "passkeys": False,
        "passkeys_at": "http://localhost:8000",
        "mail": "folder",
        "password_length": 8,
        "operator_wanted": False,
    }


def test_links_keep_no_token_and_passwords_no_plain_text(app, anna):
    """What lies in the database opens nothing."""
    Browser(app).post("/account/links", purpose="reset", email=EMAIL)
    token = token_of(app, "reset")
    with app.reading() as session:
        (secret,) = session.scalars(select(Identity.secret))
        (hashed,) = session.scalars(select(MailLink.token_hash).where(MailLink.token_hash.is_not(None)))
        tokens = list(session.scalars(select(Session.token_hash)))
    assert re.match(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$", secret)
    assert token.encode() != hashed
    assert anna.cookie.encode() not in tokens


def test_a_link_is_sealed_anew_for_each_mail_and_the_latest_opens(app, browser):
    """A mail that is sent twice, for its worker died in between, has one link that works."""
    browser.post("/account", email=EMAIL, password=PASSWORD)
    first, second = token_of(app, "confirm"), token_of(app, "confirm")
    assert browser.post("/account/links/use", token=first).status_code == 409
    assert browser.post("/account/links/use", token=second).status_code == 200
    with app.transaction() as session:
        assert links.seal(session, 1, now=datetime.now(UTC)) is None
