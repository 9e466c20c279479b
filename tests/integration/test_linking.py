"""Ways to sign in that belong together: linked from within, taken off, never the last; guests who come back."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from moviefinder.config import Settings
from moviefinder.services.accounts import invitations
from moviefinder.services.accounts.providers.known import Providers
from moviefinder.store import models
from moviefinder.store.hosts import HostLedger
from moviefinder.web import create_app
from tests import oidc, people
from tests.providers import WRITE, Browser, callback, problem_in

ANNA = {"sub": "anna-1", "email": "anna@example.org", "email_verified": True, "name": "Anna"}
BEN = {"sub": "ben-2", "email": "ben@example.org", "email_verified": True, "name": "Ben"}


@pytest.fixture(scope="module")
def two_providers():
    """Two providers that know nothing of each other."""
    with oidc.running() as home, oidc.running() as work:
        yield {"home": home, "work": work}


@pytest.fixture
def stand_ins(two_providers):
    """The same, well behaved."""
    for name, each in two_providers.items():
        each.reset()
        each.person = dict(ANNA)
        each.redirects_to(callback(name))
    return two_providers


@pytest.fixture
def settings(request, tmp_path, stand_ins):
    """Settings with both; on PostgreSQL where a test asks for it."""
    kind = getattr(request, "param", "sqlite")
    database = request.getfixturevalue("empty_postgresql") if kind == "postgresql" else ""
    return Settings(
        data=tmp_path / "data",
        database=database,
        providers={name: each.settings(title=name.capitalize()) for name, each in stand_ins.items()},
        resets_per_5min=1000,
        registrations_per_30min=1000,
        sign_ins_per_5min=1000,
    )


both_databases = pytest.mark.parametrize("settings", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def flask(app):
    """The web application."""
    flask = create_app(app)
    flask.extensions["moviefinder.providers"] = Providers(
        app.settings, HostLedger(app.engine), begin_s=20, finish_s=20
    )
    return flask


@pytest.fixture
def anybody(flask, stand_ins):
    """Makes browsers without a cookie."""
    return lambda: Browser(flask.test_client(), stand_ins)


@pytest.fixture
def person(anybody):
    """One of them."""
    return anybody()


def with_settings(app, stand_ins, **changed):
    """A browser on the same database, where the operator has set something else."""
    changed_settings = app.settings.model_copy(update=changed)
    made = create_app(replace(app, settings=changed_settings))
    made.extensions["moviefinder.providers"] = Providers(changed_settings, HostLedger(app.engine))
    return Browser(made.test_client(), stand_ins)


def ways(app):
    """Numbers of the identities, by provider."""
    with app.reading() as session:
        return dict(session.execute(select(models.Identity.provider, models.Identity.id)).all())


def unlink(person, identity):
    """Take a way in off; gives the answer."""
    return person.client.delete(f"/api/v1/account/identities/{identity}", headers=WRITE)


def grow_stale(app):
    """Let it be long ago that everybody proved who they are."""
    with app.transaction() as session:
        session.execute(update(models.Session).values(fresh_at=datetime.now(UTC) - timedelta(minutes=11)))


# Linking


@both_databases
def test_a_second_provider_is_linked_from_within_the_account(person, anybody, app):
    """Either opens it then. All other sessions end, and this one has another token."""
    person.go("home")
    who, token = person.who()["id"], person.client.get_cookie("moviefinder").value
    elsewhere = anybody()
    elsewhere.go("home")
    assert person.go("work", "link") == "/account"
    assert person.who()["id"] == who
    assert person.client.get_cookie("moviefinder").value != token
    assert elsewhere.client.get("/api/v1/session").status_code == 401
    other = anybody()
    other.go("work")
    assert other.who()["id"] == who


def test_the_answer_of_one_provider_is_none_of_another(person, stand_ins, app):
    """Each has an address of its own to come back to; what was begun with one ends with that one."""
    back = stand_ins["home"].visit(person.begin("home").json["location"])
    assert problem_in(person.back(back.replace("/auth/home/", "/auth/work/"))) == "link-void"
    assert ways(app) == {}
    assert stand_ins["work"].asked("/token") == 0
    assert person.back(back) == "/"


def test_an_address_alone_joins_nothing(person, anybody, stand_ins):
    """Two providers that name the same verified address, and two people for all that we know."""
    person.go("home")
    other = anybody()
    other.go("work")
    assert stand_ins["home"].person["email"] == stand_ins["work"].person["email"]
    assert other.who()["id"] != person.who()["id"]


def test_linking_what_is_somebody_elses_is_refused(person, anybody, stand_ins, app):
    """And nothing changes for either."""
    person.go("home")
    other = anybody()
    other.go("work")
    assert problem_in(person.go("work", "link")) == "identity-taken"
    assert other.who() is not None
    assert len(ways(app)) == 2


def test_linking_what_is_linked_changes_nothing(person, app):
    """Once is enough."""
    person.go("home")
    token = person.client.get_cookie("moviefinder").value
    assert person.go("home", "link") == "/account"
    assert person.client.get_cookie("moviefinder").value == token
    assert len(ways(app)) == 1


def test_linking_asks_for_a_fresh_proof(person, app):
    """A session that somebody left open cannot be given another way in."""
    person.go("home")
    grow_stale(app)
    answer = person.begin("work", "link")
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/sign-in-again")
    assert person.go("home", "again", next="/account?tab=ways") == "/account?tab=ways"
    assert person.go("work", "link") == "/account"


def test_nobody_links_without_a_session(person):
    """There is nothing to link with."""
    assert person.begin("home", "link").status_code == 401
    assert person.begin("home", "again").status_code == 401


def test_what_was_begun_by_one_is_not_finished_by_another(person, anybody, stand_ins, app):
    """Somebody else has signed in in this browser meanwhile: their account gets no stranger's way in."""
    person.go("home")
    back = stand_ins["work"].visit(person.begin("work", "link").json["location"])
    flow = person.client.get_cookie("moviefinder-flow").value
    stand_ins["home"].person = dict(BEN)
    other = anybody()
    other.go("home")
    other.client.set_cookie("moviefinder-flow", flow)
    assert problem_in(other.back(back)) == "sign-in-needed"
    assert "work" not in ways(app)


@both_databases
def test_whoever_is_erased_while_the_provider_is_asked_begins_nothing(person, app, stand_ins, flask):
    """The provider took its time, and meanwhile the account went, in another browser."""
    person.go("home")
    known = flask.extensions["moviefinder.providers"]

    class Slow:
        check = known.check

        def begin(self, *args, **more):
            with app.transaction() as session:
                session.execute(delete(models.User))
            return known.begin(*args, **more)

    flask.extensions["moviefinder.providers"] = Slow()
    answer = person.begin("work", "link")
    assert (answer.status_code, answer.json["type"]) == (401, "/problems/session-ended")


@pytest.mark.parametrize("is_known", [False, True])
def test_proving_anew_needs_the_same_person(person, anybody, stand_ins, app, is_known):
    """Whoever sits down at an open browser cannot prove it with an account of their own, here or elsewhere alone."""
    person.go("home")
    who = person.who()["id"]
    stand_ins["home"].person = dict(BEN)
    if is_known:
        anybody().go("home")
    grow_stale(app)
    assert problem_in(person.go("home", "again")) == "wrong-secret"
    assert person.who()["id"] == who
    assert person.begin("work", "link").status_code == 403


def test_whoever_proves_anew_is_asked_by_the_provider(person, stand_ins):
    """Where it says that it can: the time that it tells must be of now."""
    person.go("home")
    begun = person.begin("home", "again")
    assert "prompt=login" in begun.json["location"]
    stand_ins["home"].person |= {"auth_time": 1_700_000_000}  # it sent the browser straight back
    assert problem_in(person.back(stand_ins["home"].visit(begun.json["location"]))) == "provider-nonsense"


def test_who_is_signed_in_makes_no_second_account_by_mistake(person, app):
    """The page says to link it instead."""
    person.go("home")
    assert problem_in(person.go("work", "sign_in")) == "conflict"
    assert len(ways(app)) == 1


# Taking off


@both_databases
def test_a_way_in_is_taken_off_and_opens_nothing_any_more(person, anybody, app):
    """All other sessions end; signing in with it makes another account."""
    person.go("home")
    who = person.who()["id"]
    person.go("work", "link")
    elsewhere = anybody()
    elsewhere.go("work")
    assert unlink(person, ways(app)["work"]).status_code == 204
    assert person.who()["id"] == who
    assert elsewhere.client.get("/api/v1/session").status_code == 401
    other = anybody()
    other.go("work")
    assert other.who()["id"] != who


def test_the_last_way_in_stays(person, app):
    """Nobody locks themselves out."""
    person.go("home")
    answer = unlink(person, ways(app)["home"])
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/last-way-in")
    assert person.who() is not None


def test_a_way_in_that_is_not_set_up_any_more_is_none(person, app, stand_ins):
    """The operator took the other provider out of the settings: what is left is the last."""
    person.go("home")
    person.go("work", "link")
    there = with_settings(app, stand_ins, providers={"home": app.settings.providers["home"]})
    there.client.set_cookie("moviefinder", person.client.get_cookie("moviefinder").value)
    assert unlink(there, ways(app)["home"]).status_code == 409
    assert unlink(there, ways(app)["work"]).status_code == 204


def test_only_ones_own_way_in_can_be_taken_off_and_only_freshly(person, anybody, app, stand_ins):
    """Another's is not there; one's own asks for a fresh proof."""
    person.go("home")
    person.go("work", "link")
    stand_ins["home"].person = dict(BEN)
    other = anybody()
    other.go("home")
    assert unlink(other, ways(app)["work"]).status_code == 404
    assert unlink(other, 4711).status_code == 404
    grow_stale(app)
    assert unlink(person, ways(app)["work"]).status_code == 403


@both_databases
def test_ways_that_come_and_go_at_once_break_nothing(person, anybody, app):
    """One takes a way off and links it again while guests sign in with it; each is told something, and soon."""
    person.go("home")
    person.go("work", "link")
    home, told = ways(app)["home"], []

    def come_and_go():
        for _ in range(4):
            person.go("home", "again")
            if "work" in (known := ways(app)):
                told.append(unlink(person, known["work"]).status_code)
            told.append(problem_in(person.go("work", "link")))

    def sign_in():
        for _ in range(4):
            guest = anybody()
            guest.like(3)
            told.append(problem_in(guest.go("work")))

    threads = [threading.Thread(target=work) for work in (come_and_go, sign_in, sign_in)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(told) <= {204, 404, None, "link-void", "session-ended", "sign-in-needed", "identity-taken"}
    assert len(told) >= 12
    assert ways(app)["home"] == home


# Guests


@both_databases
def test_a_guest_becomes_the_account_in_place(person, app):
    """Everything said stays; the token is another."""
    person.like(3)
    guest, token = person.who()["id"], person.client.get_cookie("moviefinder").value
    assert person.go("home") == "/"
    assert person.who() | {"created_at": None} == {
        "id": guest,
        "guest": False,
        "name": "Anna",
        "operator": True,
        "created_at": None,
    }
    assert person.liked() == 1
    person.client.set_cookie("moviefinder", token)
    assert person.client.get("/api/v1/session").status_code == 401


@both_databases
def test_a_guest_who_has_an_account_brings_the_films_along(person, anybody, app):
    """The account has both then."""
    person.like(3)
    person.go("home")
    account = person.who()["id"]
    other = anybody()
    other.like(7)
    other.go("home")
    assert other.who()["id"] == account
    assert other.liked() == 2


@pytest.mark.parametrize("registration", ["closed", "invited"])
def test_where_nobody_may_sign_up_only_who_is_known_comes_in(person, app, stand_ins, registration):
    """A stranger stays a stranger, a guest a guest; who has an account signs in."""
    person.go("home")
    there = with_settings(app, stand_ins, registration=registration)
    there.go("home")
    assert there.who()["id"] == person.who()["id"]
    stand_ins["home"].person = dict(BEN)
    stranger = with_settings(app, stand_ins, registration=registration)
    assert problem_in(stranger.go("home")) == "no-registration"
    assert stranger.who() is None
    stranger.like(3)
    assert problem_in(stranger.go("home")) == "no-registration"
    assert stranger.who()["guest"]
    assert len(ways(app)) == 1


def test_an_invitation_opens_one_account_and_is_used_up(app, stand_ins):
    """The next stranger needs another."""
    with app.transaction() as session:
        _, token = invitations.make(session, note="Anna", made_by=None, now=datetime.now(UTC))
    invited = with_settings(app, stand_ins, registration="invited")
    assert invited.go("home", invitation=token) == "/"
    stand_ins["home"].person = dict(BEN)
    late = with_settings(app, stand_ins, registration="invited")
    assert late.begin("home", invitation=token).status_code == 409
    assert late.begin("home", invitation="A" * 43).status_code == 409


def test_of_two_who_began_with_one_invitation_one_gets_the_account(app, stand_ins):
    """It is taken in the transaction that makes the account."""
    with app.transaction() as session:
        _, token = invitations.make(session, note="", made_by=None, now=datetime.now(UTC))
    first, second = (with_settings(app, stand_ins, registration="invited") for _ in range(2))
    first_back = stand_ins["home"].visit(first.begin("home", invitation=token).json["location"])
    stand_ins["home"].person = dict(BEN)
    second_back = stand_ins["home"].visit(second.begin("home", invitation=token).json["location"])
    assert second.back(second_back) == "/"
    stand_ins["home"].person = dict(ANNA)
    assert problem_in(first.back(first_back)) == "link-void"
    assert first.who() is None
    assert len(ways(app)) == 1


# Mailboxes


def mails(app):
    """Templates and titles of the mails that wait, in the order of asking."""
    with app.reading() as session:
        rows = session.execute(
            select(models.Mail.template, models.Mail.to, models.Mail.data).order_by(models.Mail.id)
        )
        return [(row.template, row.to, row.data.get("provider")) for row in rows]


def test_the_mailbox_is_told_of_ways_that_come_and_go(app, stand_ins):
    """The one that was proved here, whatever address the provider names."""
    anna = people.Browser(app).with_account("anna@films.example")
    person = Browser(anna.client, stand_ins)
    before = len(mails(app))
    person.go("home", "link")
    unlink(person, ways(app)["home"])
    assert mails(app)[before:] == [
        ("identity_linked", "anna@films.example", "Home"),
        ("identity_unlinked", "anna@films.example", "Home"),
    ]


def test_links_that_were_mailed_before_open_nothing_after(app, stand_ins):
    """A change of address that was asked for is asked for anew."""
    anna = people.Browser(app).with_account("anna@films.example")
    person = Browser(anna.client, stand_ins)
    person.go("home", "link")
    anna.put("/account/email", email="anna@elsewhere.example")
    token = people.token_of(app, "email")
    assert unlink(person, ways(app)["home"]).status_code == 204
    assert anna.post("/account/links/use", token=token).status_code == 409


def test_a_password_is_taken_off_like_any_other_way(app, stand_ins):
    """It opens nothing then, and no link that was mailed for it does."""
    anna = people.Browser(app).with_account("anna@films.example")
    person = Browser(anna.client, stand_ins)
    assert unlink(person, ways(app)["password"]).status_code == 409
    person.go("home", "link")
    anna.post("/account/links", purpose="reset", email="anna@films.example")
    token = people.token_of(app, "reset")
    assert unlink(person, ways(app)["password"]).status_code == 204
    other = people.Browser(app)
    answer = other.post("/session", email="anna@films.example", password=people.PASSWORD)
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/wrong-secret")
    assert other.post("/account/links/use", token=token, password="a-cow-on-the-roof").status_code == 409
    assert person.go("home", "again") == "/account"
