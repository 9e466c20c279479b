"""Signing in with an OpenID Connect provider: real HTTP, a strict provider, and all that one can do wrong."""

import threading
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select, update

from moviefinder.config import Settings
from moviefinder.services.accounts.providers.known import Providers
from moviefinder.store import models
from moviefinder.store.hosts import HostLedger
from moviefinder.web import create_app
from tests import oidc
from tests.providers import WRITE, Browser, callback, problem_in


@pytest.fixture(scope="module")
def one_provider():
    """A provider of all tests."""
    with oidc.running() as found:
        yield found


@pytest.fixture
def provider(one_provider):
    """The same, well behaved, and with nothing asked yet."""
    one_provider.reset()
    one_provider.redirects_to(callback("home"))
    return one_provider


@pytest.fixture
def settings(request, tmp_path, provider):
    """Settings with that provider; on PostgreSQL where a test asks for it."""
    kind = getattr(request, "param", "sqlite")
    database = request.getfixturevalue("empty_postgresql") if kind == "postgresql" else ""
    return Settings(
        data=tmp_path / "data",
        database=database,
        providers={"home": provider.settings()},
        sign_ins_per_5min=1000,
        resets_per_5min=1000,
        registrations_per_30min=1000,
    )


both_databases = pytest.mark.parametrize("settings", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def flask(empty_app):
    """The web application; it asks for keys again as often as it wants to."""
    made = create_app(empty_app)
    ask(made, empty_app, again_s=0)
    return made


def ask(flask, app, *, begin_s=20, finish_s=20, **more):
    """Have the providers asked within other bounds."""
    flask.extensions["moviefinder.providers"] = Providers(
        app.settings, HostLedger(app.engine), begin_s=begin_s, finish_s=finish_s, **more
    )


@pytest.fixture
def person(flask, provider):
    """Somebody without a cookie."""
    return Browser(flask.test_client(), {"home": provider})


def count(app, table):
    """Rows of a table."""
    with app.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


@both_databases
def test_somebody_unknown_becomes_an_account_and_comes_back_to_it(person, flask, provider, empty_app):
    """By issuer and subject; what is shown of them is what the provider says."""
    assert person.go(next="/library?tab=liked") == "/library?tab=liked"
    first = person.who()
    assert not first["guest"]
    assert first["name"] == "Anna"
    other = Browser(flask.test_client(), {"home": provider})
    assert other.go() == "/"
    assert other.who()["id"] == first["id"]
    assert provider.complaints == []
    with empty_app.reading() as session:
        identity = session.scalars(select(models.Identity)).one()
        assert (identity.provider, identity.issuer, identity.subject) == ("home", provider.issuer, "anna-1")
        assert session.scalars(select(models.Session.way)).all() == ["home", "home"]


def test_the_first_call_asks_for_a_description_and_the_second_for_nothing(person, provider):
    """What a provider tells of itself, and its keys, are kept for a while."""
    person.go()
    person.go()
    assert provider.asked("/.well-known/openid-configuration") == 1
    assert provider.asked("/token") == 2


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_signatures_of_every_kind_that_counts_are_believed(person, provider, alg):
    """The allow-list, each."""
    provider.alg = alg
    assert person.go() == "/"


@pytest.mark.parametrize(
    "methods", [["client_secret_basic"], ["client_secret_post"], ["client_secret_post", "private_key_jwt"]]
)
def test_the_client_says_who_it_is_in_the_way_that_is_wanted(person, provider, methods):
    """With a secret of all kinds of characters, as RFC 6749 wants it encoded."""
    provider.methods = methods
    assert person.go() == "/"


def test_a_client_without_a_secret_has_its_verifier(provider, empty_app):
    """A public client."""
    provider.methods = ["none"]
    settings = Settings(data=empty_app.settings.data, providers={"home": provider.settings(client_secret="")})
    providers = Providers(settings, HostLedger(empty_app.engine))
    begun = providers.begin("home", callback("home"), anew=False)
    back = parse_qs(urlsplit(provider.visit(begun.location)).query)
    said = {name: values[0] for name, values in back.items()}
    proof = providers.finish("home", said, begun.remembered, callback("home"), now=datetime.now(UTC))
    assert proof.subject == "anna-1"


REFUSED = {
    "wrong-nonce": "provider-nonsense",
    "no-nonce": "provider-nonsense",
    "wrong-aud": "provider-nonsense",
    "two-auds": "provider-nonsense",
    "expired": "provider-nonsense",
    "from-the-future": "provider-nonsense",
    "wrong-iss": "provider-nonsense",
    "no-sub": "provider-nonsense",
    "long-sub": "provider-nonsense",
    "wrong-at-hash": "provider-nonsense",
    "alg-none": "provider-nonsense",
    "hs256-with-public-key": "provider-nonsense",
    "hs256-with-secret": "provider-nonsense",
    "foreign-key": "provider-nonsense",
    "unknown-kid": "provider-nonsense",
    "crit": "provider-nonsense",
    "broken-signature": "provider-nonsense",
    "not-a-token": "provider-nonsense",
    "no-id-token": "provider-nonsense",
    "nonsense": "provider-nonsense",
    "list": "provider-nonsense",
    "redirect-token": "provider-nonsense",
    "wrong-iss-parameter": "provider-nonsense",
    "no-iss-parameter": "provider-nonsense",
    "error-500": "provider-silent",
    "hang-token": "provider-silent",
    "hang-keys": "provider-silent",
    "refuse-client": "provider-refused",
}
"""What a provider may answer, and what the page then says."""

REFUSED_AT_ONCE = {
    "hang-discovery": "silent",
    "nonsense-discovery": "nonsense",
    "other-issuer": "nonsense",
    "inside-endpoint": "nonsense",
}

FINE = {"no-kid", "iss-parameter", "bare-token", "bare-token-of-another", "bare-token-alone"}


def test_every_fault_of_the_stand_in_has_its_case():
    """None is forgotten."""
    assert REFUSED.keys() | REFUSED_AT_ONCE.keys() | FINE == oidc.FAULTS


@pytest.mark.parametrize(("fault", "word"), REFUSED.items())
def test_whoever_comes_back_with_what_cannot_be_believed_is_nobody(
    flask, person, provider, empty_app, fault, word
):
    """The page says so within its time, and nothing was made of it."""
    if fault.startswith("hang"):
        ask(flask, empty_app, finish_s=1)
    provider.faults = {fault}
    shown = person.go()
    assert shown == f"/sign-in?problem={word}&provider=home"
    assert person.who() is None
    assert count(empty_app, models.User) == count(empty_app, models.Identity) == 0
    ask(flask, empty_app)
    provider.faults = {"iss-parameter"} if "iss-parameter" in fault else set()  # a promise stands for a while
    assert person.go() == "/"


@pytest.mark.parametrize(("fault", "why"), REFUSED_AT_ONCE.items())
def test_nobody_is_sent_to_a_provider_that_describes_itself_badly(
    flask, person, provider, empty_app, fault, why
):
    """Who has not gone yet is told so, in a problem that is not a failure of ours."""
    if fault.startswith("hang"):
        ask(flask, empty_app, begin_s=1)
    provider.faults = {fault}
    answer = person.begin()
    assert (answer.status_code, answer.json["why"]) == (424, why)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "said",
    [
        {"access_token": None},
        {"access_token": 7},
        {"access_token": "a\r\nX-Other: b"},
        {"access_token": "ä"},
        {"expires_in": "soon"},
        {"expires_in": [1]},
        {"error": "invalid_grant"},
        {"error": {"message": "no"}, "error_description": 7},
        {"error": [], "error_description": 'a "quoted" word\n'},
        {"id_token": None},
        {"id_token": ["a.b.c"]},
        {"id_token": "ä.b.c"},
        {"id_token": "." * 30_000},
    ],
)
def test_a_code_that_is_answered_with_anything_else_is_nonsense(person, provider, empty_app, said):
    """Of any shape: never a failure of ours."""
    provider.faults, provider.token_said = {"bare-token"}, said
    assert problem_in(person.go()) == "provider-nonsense"
    assert count(empty_app, models.User) == 0


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": None},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "http://elsewhere.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://[::1/"},
        {"authorization_endpoint": "https://fine.example/?a=ü b"},
        {"authorization_endpoint": "https://fine.example/" + "a" * 2000},
        {"token_endpoint": 7},
        {"token_endpoint": "http://fine.example/token"},
        {"token_endpoint": "https://127.0.0.1/token"},
        {"token_endpoint": "https://fine.example:8443/token"},
        {"token_endpoint": "file:///etc/passwd"},
        {"jwks_uri": "https://2130706433/keys"},
        {"jwks_uri": "gopher://fine.example/"},
        {"userinfo_endpoint": "http://[::ffff:127.0.0.1]/"},
    ],
)
def test_a_description_that_leads_anywhere_else_is_nonsense(person, provider, said):
    """Not HTTPS, a number, another port, another scheme: nobody goes there, neither we nor a browser."""
    provider.described = said
    answer = person.begin()
    assert (answer.status_code, answer.json["why"]) == (424, "nonsense")


def test_a_name_that_is_at_an_address_inside_is_not_connected_to(person, provider, empty_app):
    """The description names a host of its own for tokens, whose number is of this machine."""
    provider.described = {"token_endpoint": "https://localhost.localdomain/token"}
    begun = person.begin()
    assert begun.status_code == 200
    assert problem_in(person.back(provider.visit(begun.json["location"]))) in (
        "provider-nonsense",
        "provider-silent",  # where no resolver knows that name
    )
    assert count(empty_app, models.User) == 0


@pytest.mark.parametrize("fault", sorted(FINE))
def test_what_may_be_left_out_may_be_left_out(person, provider, fault):
    """The number of a key; a name, which is then asked for, and believed only of the same person."""
    provider.faults = {fault}
    assert person.go() == "/"
    assert person.who()["name"] == (
        None if fault in ("bare-token-of-another", "bare-token-alone") else "Anna"
    )
    assert provider.asked("/people") == fault.startswith("bare-token")


def test_only_a_verified_address_is_kept(person, provider, empty_app):
    """Of any other it is not known whose it is."""
    provider.person = {"sub": "anna-1", "email": "anna@example.org"}
    person.go()
    for verified, kept in ((False, None), ("true", None), (True, "anna@example.org")):
        provider.person["email_verified"] = verified
        person.client.delete_cookie("moviefinder")
        person.go()
        with empty_app.reading() as session:
            assert session.scalars(select(models.Identity.email)).one() == kept


def test_what_leaves_this_machine_counts_the_calls(person, provider):
    """With when the provider was called last and answered last."""
    person.go()
    row = next(
        row for row in person.client.get("/api/v1/sources").json["items"] if row["name"] == "sign-in-home"
    )
    assert row["hosts"][0]["calls"] == 3
    assert row["hosts"][0]["last_answered_at"] is not None


def test_new_keys_are_asked_for_when_a_token_has_one_that_is_not_known(person, provider):
    """Keys change; one question more finds the new ones."""
    person.go()
    provider.rotate()
    assert person.go() == "/"
    assert provider.asked("/keys") == 2


def test_keys_are_not_asked_for_all_the_time(flask, person, provider, empty_app):
    """Whoever sends tokens with made-up keys makes no flood of us."""
    ask(flask, empty_app, again_s=600)
    person.go()
    provider.faults = {"unknown-kid"}
    for _ in range(5):
        assert problem_in(person.go()) == "provider-nonsense"
    assert provider.asked("/keys") == 1  # it is a moment ago that they were fetched


def test_a_silent_provider_is_not_asked_by_everybody_at_once(flask, person, provider, empty_app):
    """After a failure the next ones are told at once, for some seconds."""
    ask(flask, empty_app, begin_s=0.5, again_s=600)
    provider.faults = {"hang-discovery"}
    assert person.begin().status_code == 424
    for _ in range(10):
        assert person.begin().status_code == 424
    assert provider.asked("/.well-known/openid-configuration") == 1


def test_a_provider_that_hangs_holds_up_a_quarter_of_the_threads(flask, person, provider, empty_app):
    """Of eight threads two wait for it, the others are told to come again; all within the bounded time."""
    ask(flask, empty_app)
    ways = []
    for _ in range(6):
        each = Browser(flask.test_client(), {"home": provider})
        ways.append((each, provider.visit(each.begin().json["location"])))
    ask(flask, empty_app, finish_s=4)
    provider.faults = {"hang-token"}
    shown, took = [], []
    began = time.monotonic()

    def come_back(each, back):
        shown.append(each.back(back))
        took.append(time.monotonic() - began)

    threads = [threading.Thread(target=come_back, args=way) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {problem_in(each) for each in shown} == {"provider-silent"}
    assert provider.asked("/token") == 2
    assert sorted(took)[3] < 3.9 < sorted(took)[4]  # four of them were told before those who asked


# What binds a sign-in to the browser


def test_only_the_browser_that_began_may_come_back(person, flask, provider, empty_app):
    """Nobody can be signed in to a stranger's account by a link, nor use a code that they saw."""
    back = provider.visit(person.begin().json["location"])
    victim = Browser(flask.test_client(), {"home": provider})
    assert problem_in(victim.back(back)) == "link-void"
    assert victim.who() is None
    victim.begin()  # has begun something of its own
    assert problem_in(victim.back(back)) == "link-void"
    assert victim.who() is None
    assert provider.asked("/token") == 0
    assert person.back(back) == "/"  # and nothing of that kept the owner from it


def test_a_state_of_somebody_else_does_not_end_what_this_browser_began(person, provider):
    """Or any page could spoil a sign-in by a link."""
    back = provider.visit(person.begin().json["location"])
    assert problem_in(person.back(f"{callback('home')}?code=x&state=y")) == "link-void"
    assert person.back(back) == "/"


def test_coming_back_twice_signs_in_once(person, provider, empty_app):
    """The second click finds the browser signed in, and shows the account."""
    back = provider.visit(person.begin().json["location"])
    assert person.back(back) == "/"
    assert person.back(back) == "/account"
    assert provider.asked("/token") == 1
    assert count(empty_app, models.Identity) == 1


def test_a_code_that_was_used_is_refused_by_the_provider_and_by_us(person, provider):
    """Another sign-in of the same browser cannot use the code of an earlier one."""
    first = parse_qs(urlsplit(provider.visit(person.begin().json["location"])).query)
    second = provider.visit(person.begin().json["location"])
    state = parse_qs(urlsplit(second).query)["state"][0]
    shown = person.back(f"{callback('home')}?code={first['code'][0]}&state={state}")
    assert problem_in(shown) == "provider-refused"
    assert provider.complaints == ["token: code_verifier"]


def test_a_sign_in_lasts_ten_minutes(person, provider, empty_app):
    """Then it must be begun anew."""
    back = provider.visit(person.begin().json["location"])
    with empty_app.transaction() as session:
        session.execute(update(models.Flow).values(expires_at=datetime.now(UTC)))
    assert problem_in(person.back(back)) == "link-void"


def test_state_nonce_and_verifier_are_new_each_time_and_256_bits(person):
    """Nothing can be foreseen from the sign-in before."""
    seen = [parse_qs(urlsplit(person.begin().json["location"]).query) for _ in range(3)]
    for name in ("state", "nonce", "code_challenge"):
        values = {each[name][0] for each in seen}
        assert len(values) == 3
        assert all(len(value) == 43 for value in values)
    assert {each["code_challenge_method"][0] for each in seen} == {"S256"}
    assert {each["response_type"][0] for each in seen} == {"code"}


def test_whoever_says_no_is_told_so(person, provider):
    """It is no failure, and nothing was made."""
    location = person.begin().json["location"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    assert person.back(provider.refuse(asked)) == "/sign-in?problem=provider-cancelled&provider=home"
    assert person.who() is None


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?state=",
        "?code=a&state=b",
        "?error=access_denied",
        "?state=%00",
        "?state=a&state=b",
        "?state=%F0%9F%8E%AC%ED%A0%80",
    ],
)
def test_anything_that_comes_back_is_answered_with_a_page(person, query):
    """Whatever stands in the address."""
    person.begin()
    answer = person.client.get(f"/auth/home/callback{query}")
    assert answer.status_code in (303, 400)
    assert person.client.get("/auth/nobody/callback").status_code == 404


@both_databases
def test_two_who_come_back_at_once_as_the_same_stranger_are_one_account(flask, provider, empty_app):
    """Two browsers, one new person: one identity, two sessions."""
    browsers = [Browser(flask.test_client(), {"home": provider}) for _ in range(4)]
    backs = [provider.visit(each.begin().json["location"]) for each in browsers]
    barrier, shown = threading.Barrier(4), []

    def come_back(each, back):
        barrier.wait()
        shown.append(each.back(back))

    threads = [threading.Thread(target=come_back, args=pair) for pair in zip(browsers, backs, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shown == ["/"] * 4
    assert len({each.who()["id"] for each in browsers}) == 1
    assert count(empty_app, models.Identity) == count(empty_app, models.User) == 1


def test_two_clicks_at_once_sign_in_once(flask, person, provider, empty_app):
    """The same person, the same answer of the provider, at the same moment."""
    back = provider.visit(person.begin().json["location"])
    cookie = person.client.get_cookie("moviefinder-flow").value
    shown = []

    def come_back():
        twin = Browser(flask.test_client(), {})
        twin.client.set_cookie("moviefinder-flow", cookie)
        shown.append(twin.back(back))

    threads = [threading.Thread(target=come_back) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(problem_in(each) or each for each in shown) == ["/", "link-void", "link-void", "link-void"]
    assert provider.asked("/token") == 1
    assert count(empty_app, models.Session) == 1


# Who may begin


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/a//b",
        "/\t/evil",
        "javascript:alert(1)",
        "/x#y",
        "",
        "evil",
        "/\n",
        "/@evil//",
    ],
)
def test_only_paths_of_ours_are_gone_to_afterwards(person, path):
    """Anything else is refused before anybody is sent anywhere."""
    assert person.begin(next=path).status_code == 422


def test_an_offline_install_has_no_providers(settings, provider, empty_app):
    """Nobody is called, nothing is offered."""
    offline = settings.model_copy(update={"offline": True})
    providers = Providers(offline, HostLedger(empty_app.engine))
    flask = create_app(empty_app)
    flask.extensions["moviefinder.providers"] = providers
    assert Browser(flask.test_client(), {}).begin().status_code == 404
    assert provider.journal == []


def test_where_the_browser_is_not_at_home_it_is_told_where_that_is(person):
    """The provider would send it to another host, where it has no cookie."""
    answer = person.client.post(
        "/api/v1/auth/home", json={"intent": "sign_in"}, headers=WRITE, base_url="http://127.0.0.1:8000"
    )
    assert answer.status_code == 200  # 127.0.0.1 and localhost are both this machine
    asked = parse_qs(urlsplit(answer.json["location"]).query)
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/auth/home/callback"]
