"""Passkeys over the API, with an authenticator in software that can lie."""

import copy
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import hypothesis
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES384
from fido2.utils import websafe_decode, websafe_encode
from hypothesis import HealthCheck, given, strategies
from sqlalchemy import func, select

from moviefinder.config import ProviderSettings, Settings
from moviefinder.services.accounts import invitations, passkeys, passwords, webauthn
from moviefinder.store import models
from moviefinder.web import create_app
from tests.authenticator import Authenticator, Flag
from tests.conftest import WRITE

API = "/api/v1"
NEW, NEW_START = f"{API}/account/passkeys", f"{API}/account/passkeys/start"
IN, IN_START = f"{API}/session/passkey", f"{API}/session/passkey/start"


def post(client, address, body=None, **headers):
    """Write as the page does."""
    return client.post(address, json=body or {}, headers=WRITE | headers)


def ask(client, address, **body):
    """What this browser's authenticator is asked."""
    answer = post(client, address, body)
    assert answer.status_code == 200, answer.text
    return answer.json["options"]


def add(client, device, name="Phone"):
    """Add a passkey to whom this browser belongs to."""
    return post(client, NEW, {"credential": device.make(ask(client, NEW_START)), "name": name})


def sign_in(client, device, **start):
    """Sign in with a passkey."""
    return post(client, IN, {"credential": device.sign(ask(client, IN_START, **start))})


def who(client):
    """The person of this browser, as it is told."""
    return client.get(f"{API}/session").json["user"]


def like(client, number):
    """Like a film; makes a guest of who is nobody yet."""
    answer = client.patch(f"{API}/library/imdb:tt{number:07d}", json={"verdict": "liked"}, headers=WRITE)
    assert answer.status_code == 200, answer.text


def liked(client):
    """The films that this browser's person likes."""
    return {row["film"]["title"] for row in client.get(f"{API}/library").json["items"]}


def grow_stale(app):
    """Have everybody's proof of who they are lie an hour back."""
    with app.transaction() as session:
        for row in session.scalars(select(models.Session).where(models.Session.fresh_at.is_not(None))):
            row.fresh_at -= timedelta(hours=1)


@pytest.fixture
def settings(settings):
    """More tries than one address has."""
    more = ("sign_ins_per_5min", "registrations_per_30min", "resets_per_5min")
    return settings.model_copy(update=dict.fromkeys(more, 1000))


@pytest.fixture
def somebody(app):
    """Somebody new each time it is called; all at one install."""
    flask = create_app(app)
    return flask.test_client


@pytest.fixture
def device():
    """A passkey to be."""
    return Authenticator()


@pytest.fixture
def owner(somebody, device):
    """The browser of somebody whose only way in is that passkey."""
    client = somebody()
    like(client, 1)
    assert add(client, device).status_code == 200
    return client


def test_a_guest_becomes_an_account_by_a_passkey(app, somebody, device):
    """In place: the films stay, the number stays, the guest's token is worth nothing any more."""
    client = somebody()
    like(client, 1)
    guest, before = who(client), client.get_cookie("moviefinder").value
    told = add(client, device, name="My phone")
    assert told.status_code == 200
    assert {**told.json, "created_at": None} == {
        "id": 1,
        "name": "My phone",
        "created_at": None,
        "last_used_at": None,
    }
    assert who(client)["id"] == guest["id"]
    assert not who(client)["guest"]
    assert liked(client) == {"Film 1"}
    old = somebody()
    old.set_cookie("moviefinder", before)
    assert old.get(f"{API}/session").status_code == 401


def test_a_passkey_signs_in_without_anybody_being_named(owner, somebody, device):
    """The question is the same for all; the answer says who it is, and opens a session of its own."""
    client = somebody()
    options = ask(client, IN_START)
    assert options["rpId"] == "localhost"
    assert options["userVerification"] == "required"
    assert "allowCredentials" not in options
    answer = post(client, IN, {"credential": device.sign(options)})
    assert answer.status_code == 200
    assert answer.json["user"] == who(owner) == who(client)
    assert client.get_cookie("moviefinder-flow") is None


def test_what_a_browser_is_asked_to_make(owner, device):
    """A key that is found without a name and asks for a finger or a code; known ones are left out."""
    options = ask(owner, NEW_START)
    assert options["rp"] == {"id": "localhost", "name": "MovieFinder"}
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["attestation"] == "none"
    assert [kind["alg"] for kind in options["pubKeyCredParams"]] == [-7, -8, -257]
    assert [websafe_decode(known["id"]) for known in options["excludeCredentials"]] == [device.credential_id]
    assert websafe_decode(options["user"]["id"]) == device.handle
    assert len(device.handle) == 32
    assert len(websafe_decode(options["challenge"])) == 32


def test_a_guest_who_signs_in_brings_films_along(owner, somebody, device):
    """As with every way in."""
    client = somebody()
    like(client, 2)
    assert sign_in(client, device).status_code == 200
    assert liked(client) == {"Film 1", "Film 2"}
    assert liked(owner) == {"Film 1", "Film 2"}


LIES = {
    "another challenge": {"extra": {"challenge": websafe_encode(b"x" * 32)}},
    "another port": {"origin": "http://localhost:8001"},
    "another scheme": {"origin": "https://localhost:8000"},
    "another name of this machine": {"origin": "http://127.0.0.1:8000"},
    "a longer name": {"origin": "http://localhost:8000.evil.example"},
    "a name below": {"origin": "http://evil.localhost:8000"},
    "a slash": {"origin": "http://localhost:8000/"},
    "no origin": {"origin": "null"},
    "an origin that is no text": {"origin": 8000},
    "an origin in a list": {"origin": ["http://localhost:8000"]},
    "another site's frame": {"extra": {"cross_origin": True}},
    "another relying party": {"rp_id": "evil.example"},
    "another name as relying party": {"rp_id": "127.0.0.1"},
    "nobody there": {"flags": Flag.UV},
    "nobody verified": {"flags": Flag.UP},
}


def test_no_lie_adds_a_passkey(app, somebody):
    """Each is refused in the same words, stays the guest's, and has used its question up."""
    for lie, told in LIES.items():
        client = somebody()
        like(client, 1)
        made = Authenticator(**told).make(ask(client, NEW_START))
        answer = post(client, NEW, {"credential": made, "name": "Phone"})
        assert (answer.status_code, answer.json["type"]) == (403, "/problems/wrong-secret"), lie
        assert post(client, NEW, {"credential": made, "name": "Phone"}).status_code == 409, lie
        assert who(client)["guest"], lie
    with app.reading() as session:
        assert session.scalar(select(func.count()).select_from(models.Passkey)) == 0


def turned(text):
    """The same bytes but for one bit in the midst."""
    data = bytearray(websafe_decode(text))
    data[len(data) // 2] ^= 1
    return websafe_encode(bytes(data))


def turn(answer, *fields):
    """Turn a bit in some fields of an answer."""
    for field in fields:
        answer["response"][field] = turned(answer["response"][field])


SIGNED_LIES = {name: (changed, None) for name, changed in LIES.items()} | {
    "a registration's answer": ({"extra": {"type": "webauthn.create"}}, None),
    "an unknown passkey": ({"credential_id": b"nobody's"}, None),
    "another key": ({"key": ec.generate_private_key(ec.SECP256R1())}, None),
    "another handle": ({"handle": b"x" * 32}, None),
    "no handle": ({"handle": None}, None),
    "a signature turned": ({}, lambda answer: turn(answer, "signature")),
    "signed data turned": ({}, lambda answer: turn(answer, "authenticatorData")),
    "the client's data turned": ({}, lambda answer: turn(answer, "clientDataJSON")),
    "two ids": ({}, lambda answer: answer.update(rawId=websafe_encode(b"nobody's"))),
}


def test_no_lie_signs_in(app, owner, somebody, device):
    """Each is refused in the same words as every other; the question is used up, and the passkey is as before."""
    words = set()
    for lie, (changed, tamper) in SIGNED_LIES.items():
        client, liar = somebody(), replace(device, **changed)
        answer = liar.sign(ask(client, IN_START))
        if tamper:
            tamper(answer)
        told = post(client, IN, {"credential": answer})
        assert (told.status_code, told.json["type"]) == (403, "/problems/wrong-secret"), lie
        words.add((told.json["title"], told.json["detail"]))
        assert client.get_cookie("moviefinder") is None, lie
        assert post(client, IN, {"credential": answer}).status_code == 409, lie
    assert len(words) == 1
    with app.reading() as session:
        row = session.scalars(select(models.Passkey)).one()
    assert (row.sign_count, row.last_used_at) == (0, None)
    assert sign_in(somebody(), device).status_code == 200


def test_an_answer_opens_once(owner, somebody, device):
    """Not again in the same browser, nor to another question, nor in another browser."""
    client, thief = somebody(), somebody()
    answer = device.sign(ask(client, IN_START))
    stolen = copy.deepcopy(answer)
    assert post(client, IN, {"credential": answer}).status_code == 200
    assert post(client, IN, {"credential": answer}).status_code == 409
    assert post(thief, IN, {"credential": stolen}).status_code == 409
    ask(thief, IN_START)
    assert post(thief, IN, {"credential": stolen}).status_code == 403
    assert who(thief) is None


def test_an_answer_belongs_to_the_browser_that_was_asked(owner, somebody, device):
    """Somebody who overhears it has not the cookie."""
    client, thief = somebody(), somebody()
    answer = device.sign(ask(client, IN_START))
    assert post(thief, IN, {"credential": answer}).status_code == 409
    assert post(client, IN, {"credential": answer}).status_code == 200


def test_a_question_is_open_for_ten_minutes(app, owner, somebody, device):
    """After that it is as good as none."""
    client = somebody()
    answer = device.sign(ask(client, IN_START))
    with app.transaction() as session:
        flow = session.scalars(select(models.Flow)).one()
        assert flow.expires_at - flow.created_at == timedelta(minutes=10)
        flow.expires_at -= timedelta(minutes=10)
    assert post(client, IN, {"credential": answer}).status_code == 409


def test_a_question_for_one_thing_opens_no_other(owner, somebody, device):
    """The answer to "make one" signs nobody in, and the other way round."""
    options = ask(owner, NEW_START)
    answer = device.sign({"challenge": options["challenge"], "rpId": "localhost"})
    assert post(owner, IN, {"credential": answer}).status_code == 409
    options = ask(owner, IN_START)
    made = Authenticator().make(options | {"rp": {"id": "localhost"}, "user": {"id": "AAAA"}})
    assert post(owner, NEW, {"credential": made, "name": "Phone"}).status_code == 409


def test_what_one_person_began_nobody_else_ends(app, owner, somebody, device):
    """A browser in which somebody else signs in meanwhile adds its passkey to neither."""
    client = somebody()
    like(client, 2)
    assert add(client, Authenticator()).status_code == 200
    made = Authenticator().make(ask(client, NEW_START))
    begun = client.get_cookie("moviefinder-flow").value
    assert sign_in(client, device).status_code == 200
    client.set_cookie("moviefinder-flow", begun)
    assert post(client, NEW, {"credential": made, "name": "Phone"}).status_code == 409
    with app.reading() as session:
        assert session.scalar(select(func.count()).select_from(models.Passkey)) == 2


def test_a_passkey_whose_count_does_not_rise_was_copied(owner, somebody, device, caplog, capsys):
    """It is refused, and the operator finds it in the log."""
    device.count = 4
    assert sign_in(somebody(), device).status_code == 200
    client = somebody()
    for count in (0, 4, 5):
        answer = sign_in(client, replace(device, count=count, steps=0))
        assert (answer.status_code, answer.json["type"]) == (403, "/problems/wrong-secret")
        assert who(client) is None
        assert "passkey.count_fell" in caplog.text + "".join(capsys.readouterr())
        caplog.clear()
    assert sign_in(client, device).status_code == 200


def test_a_passkey_that_counts_nothing_is_fine(owner, somebody, device):
    """Those that are synchronised between devices always say 0."""
    device.steps = 0
    assert sign_in(somebody(), device).status_code == 200
    assert sign_in(somebody(), device).status_code == 200


def test_a_count_may_be_as_large_as_four_bytes_hold(somebody):
    """WebAuthn's counter has no sign."""
    device = Authenticator(count=2**31)
    client = somebody()
    like(client, 1)
    assert add(client, device).status_code == 200
    device.count = 2**32 - 2
    assert sign_in(somebody(), device).status_code == 200
    device.steps = 0
    assert sign_in(somebody(), device).status_code == 403


def test_a_passkey_is_known_once(app, owner, somebody, device):
    """Neither its owner adds it twice nor does somebody else take its number."""
    again = add(owner, device)
    assert (again.status_code, again.json["type"]) == (409, "/problems/identity-taken")
    thief = somebody()
    like(thief, 2)
    taken = add(thief, Authenticator(credential_id=device.credential_id))
    assert (taken.status_code, taken.json["type"]) == (409, "/problems/identity-taken")
    assert who(thief)["guest"]
    assert sign_in(somebody(), device).json["user"] == who(owner)


def test_a_key_of_a_kind_that_was_not_asked_for_is_refused(somebody):
    """The browser would not make one; a program might."""

    class Odd(Authenticator):
        def public_key(self):
            return ES384.from_cryptography_key(ec.generate_private_key(ec.SECP384R1()).public_key())

    client = somebody()
    like(client, 1)
    assert add(client, Odd()).status_code == 403


def test_a_person_has_so_many_passkeys_at_most(app, owner):
    """And is told what to do."""
    with app.transaction() as session:
        first = session.scalars(select(models.Passkey)).one()
        for number in range(passkeys.MOST - 1):
            values = {column: getattr(first, column) for column in ("user_id", "user_handle", "public_key")}
            session.add(
                models.Passkey(
                    credential_id=bytes([number]),
                    sign_count=0,
                    name="",
                    created_at=first.created_at,
                    **values,
                )
            )
    full = post(owner, NEW_START)
    assert (full.status_code, full.json["type"]) == (409, "/problems/full")


def at_once(*calls):
    """Do things at the same moment; gives their answers."""
    told, start = [], threading.Barrier(len(calls))

    def do(call):
        start.wait()
        told.append(call())

    threads = [threading.Thread(target=do, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_of_two_answers_at_once_one_opens(app, owner, somebody, device):
    """To one question: the second finds it used up. To two questions with one count: the second was copied."""
    client, twin = somebody(), somebody()
    answer = {"credential": device.sign(ask(client, IN_START))}
    twin.set_cookie("moviefinder-flow", client.get_cookie("moviefinder-flow").value)
    told = at_once(lambda: post(client, IN, answer), lambda: post(twin, IN, answer))
    assert sorted(one.status_code for one in told) == [200, 409]

    clients = [somebody() for _ in range(4)]
    device.steps = 0
    device.count += 1
    answers = [{"credential": device.sign(ask(client, IN_START))} for client in clients]
    calls = [
        lambda client=client, answer=answer: post(client, IN, answer)
        for client, answer in zip(clients, answers, strict=True)
    ]
    assert sorted(one.status_code for one in at_once(*calls)) == [200, 403, 403, 403]


def test_of_two_who_add_one_passkey_at_once_one_has_it(app, somebody, device):
    """The database decides, not a look before."""
    clients = [somebody(), somebody()]
    for client in clients:
        like(client, 1)
    made = [device.make(ask(client, NEW_START)) for client in clients]
    calls = [
        lambda client=client, credential=credential: post(
            client, NEW, {"credential": credential, "name": "Phone"}
        )
        for client, credential in zip(clients, made, strict=True)
    ]
    assert sorted(one.status_code for one in at_once(*calls)) == [200, 409]
    assert sorted(who(client)["guest"] for client in clients) == [False, True]


def test_who_is_erased_meanwhile_begins_nothing(app, owner):
    """Beside the erasing each question is either before it or refused, never a failure of ours."""
    twin = create_app(app).test_client()
    twin.set_cookie("moviefinder", owner.get_cookie("moviefinder").value)
    told = at_once(
        *(lambda: post(twin, NEW_START) for _ in range(3)),
        *(lambda: post(twin, IN_START, {"again": True}) for _ in range(3)),
        lambda: owner.delete(f"{API}/account", headers=WRITE),
    )
    assert {one.status_code for one in told} <= {200, 204, 401}
    with app.reading() as session:
        assert session.scalars(select(models.Flow)).all() == []


# Proving anew


def test_proving_anew_takes_ones_own_passkey(app, owner, somebody, device):
    """It makes the session fresh, under a new token; somebody else's passkey signs nobody in over it."""
    other, others = somebody(), Authenticator()
    like(other, 2)
    assert add(other, others).status_code == 200
    grow_stale(app)
    told = post(owner, NEW_START)
    assert (told.status_code, told.json["type"]) == (403, "/problems/sign-in-again")

    options = ask(owner, IN_START, again=True)
    assert [websafe_decode(known["id"]) for known in options["allowCredentials"]] == [device.credential_id]
    assert post(owner, IN, {"credential": others.sign(options)}).status_code == 403
    assert post(owner, NEW_START).status_code == 403

    me, before = who(owner), owner.get_cookie("moviefinder").value
    assert sign_in(owner, device, again=True).status_code == 200
    assert who(owner) == me
    assert owner.get_cookie("moviefinder").value != before
    assert post(owner, NEW_START).status_code == 200


def test_proving_anew_is_for_who_is_signed_in(owner, somebody, device):
    """Neither nobody, nor a guest, nor somebody who signed out meanwhile."""
    client = somebody()
    assert post(client, IN_START, {"again": True}).status_code == 401
    like(client, 2)
    assert post(client, IN_START, {"again": True}).status_code == 401
    answer = device.sign(ask(owner, IN_START, again=True))
    assert owner.delete(f"{API}/session", headers=WRITE).status_code == 204
    assert post(owner, IN, {"credential": answer}).status_code == 401


def test_who_has_no_passkey_is_told(app, owner):
    """Where all are gone, another way must do."""
    with app.transaction() as session:
        session.execute(models.Passkey.__table__.delete())
    assert post(owner, IN_START, {"again": True}).status_code == 404


# Keeping


def test_passkeys_are_listed_and_named_by_their_owner_alone(owner, somebody, device):
    """Somebody else's has no number here."""
    other = somebody()
    like(other, 2)
    assert add(other, Authenticator()).status_code == 200
    row = owner.get(NEW).json["items"][0]
    assert [one["name"] for one in owner.get(NEW).json["items"]] == ["Phone"]
    one = f"{NEW}/{row['id']}"
    assert other.patch(one, json={"name": "Mine"}, headers=WRITE).status_code == 404
    assert other.delete(one, headers=WRITE).status_code == 404
    assert owner.patch(one, json={"name": "Old phone"}, headers=WRITE).json["name"] == "Old phone"
    assert owner.patch(one, json={"name": " "}, headers=WRITE).status_code == 422
    assert sign_in(somebody(), device).status_code == 200
    row = owner.get(NEW).json["items"][0]
    assert row["name"] == "Old phone"
    assert row["last_used_at"] is not None


def test_the_last_way_in_stays(app, owner):
    """Of two passkeys one may go; the other may not, while there is nothing else."""
    assert add(owner, Authenticator(), name="Key").status_code == 200
    first, second = (row["id"] for row in owner.get(NEW).json["items"])
    assert owner.delete(f"{NEW}/{first}", headers=WRITE).status_code == 204
    last = owner.delete(f"{NEW}/{second}", headers=WRITE)
    assert (last.status_code, last.json["type"]) == (409, "/problems/last-way-in")
    assert [row["name"] for row in owner.get(NEW).json["items"]] == ["Key"]


@pytest.mark.parametrize("changed", [{}, {"offline": True}], ids=["gone", "offline"])
def test_a_provider_that_is_off_is_no_way_in(app, owner, changed):
    """One that is not set up any more, or that an offline install asks nothing of."""
    is_set_up = {"club": ProviderSettings(issuer="https://id.example", client_id="films")}
    with app.transaction() as session:
        user = session.scalars(select(models.User)).one()
        session.add(
            models.Identity(
                user_id=user.id,
                provider="club",
                issuer="https://id.example",
                subject="17",
                failed_count=0,
                created_at=user.created_at,
            )
        )
    (row,) = owner.get(NEW).json["items"]
    statuses = []
    for providers in (is_set_up if changed else {}, is_set_up):
        client = install_with(app, providers=providers, **(changed if not statuses else {})).test_client()
        client.set_cookie("moviefinder", owner.get_cookie("moviefinder").value)
        statuses.append(client.delete(f"{NEW}/{row['id']}", headers=WRITE).status_code)
    assert statuses == [409, 204]


def test_of_two_removals_at_once_one_leaves_a_way_in(app, owner, somebody, device):
    """Both look, and each would find the other's passkey there."""
    second = Authenticator()
    assert add(owner, second, name="Key").status_code == 200
    first_id, second_id = (row["id"] for row in owner.get(NEW).json["items"])
    twin = somebody()
    assert sign_in(twin, second).status_code == 200
    told = at_once(
        lambda: owner.delete(f"{NEW}/{first_id}", headers=WRITE),
        lambda: twin.delete(f"{NEW}/{second_id}", headers=WRITE),
    )
    assert [one.status_code == 204 for one in told].count(True) == 1
    assert {one.status_code for one in told} <= {204, 401, 409}
    with app.reading() as session:
        assert session.scalar(select(func.count()).select_from(models.Passkey)) == 1


def test_a_passkey_that_is_gone_opens_nothing(owner, somebody, device):
    """Nor do the sessions that were elsewhere: who removes one has perhaps lost it."""
    elsewhere = somebody()
    assert sign_in(elsewhere, device).status_code == 200
    assert add(owner, Authenticator(), name="Key").status_code == 200
    assert elsewhere.get(f"{API}/session").status_code == 401
    gone = owner.get(NEW).json["items"][0]["id"]
    before = owner.get_cookie("moviefinder").value
    assert owner.delete(f"{NEW}/{gone}", headers=WRITE).status_code == 204
    assert owner.get_cookie("moviefinder").value != before
    assert not who(owner)["guest"]
    assert sign_in(somebody(), device).status_code == 403


# After a password


@pytest.fixture
def asks_passkey(app, owner):
    """The owner has a password too, which alone is not enough: `asks_passkey()` gives a browser that has told it."""
    email, plain = "ada@films.example", "four dull stones in a brook"
    with app.transaction() as session:
        user = session.scalars(select(models.User)).one()
        user.asks_passkey = True
        session.add(
            models.Identity(
                user_id=user.id,
                provider="password",
                issuer="password",
                subject=email,
                secret=passwords.hash_password(plain),
                email=email,
                failed_count=0,
                created_at=user.created_at,
            )
        )

    def tell(client):
        answer = post(client, f"{API}/session", {"email": email, "password": plain})
        assert answer.status_code == 200, answer.text
        assert answer.json["user"] is None
        assert client.get_cookie("moviefinder") is None
        return answer.json["second_factor"]["options"]

    return tell


def test_a_passkey_is_asked_for_after_the_password(owner, somebody, device, asks_passkey):
    """Of that account alone; a touch is enough, as the password was told."""
    client = somebody()
    options = asks_passkey(client)
    assert who(client) is None
    assert [websafe_decode(known["id"]) for known in options["allowCredentials"]] == [device.credential_id]
    assert options["userVerification"] == "preferred"
    device.flags, device.handle = Flag.UP, None  # as a security key without a display answers
    assert post(client, IN, {"credential": device.sign(options)}).json["user"] == who(owner)


def test_anothers_passkey_is_no_second_factor(somebody, asks_passkey):
    """Whoever has a password and a passkey of their own gets no further."""
    thief, own, client = somebody(), Authenticator(), somebody()
    like(thief, 2)
    assert add(thief, own).status_code == 200
    told = post(client, IN, {"credential": own.sign(asks_passkey(client))})
    assert (told.status_code, told.json["type"]) == (403, "/problems/wrong-secret")
    assert who(client) is None


def test_a_password_is_not_enough_to_prove_anew(app, owner, device, asks_passkey):
    """Where signing in asks for both."""
    grow_stale(app)
    told = post(owner, f"{API}/session/again", {"password": "four dull stones in a brook"})
    assert told.json["user"] is None
    assert post(owner, NEW_START).status_code == 403
    signed = device.sign(told.json["second_factor"]["options"])
    assert post(owner, IN, {"credential": signed}).status_code == 200
    assert post(owner, NEW_START).status_code == 200


def test_with_the_last_passkey_goes_the_wish_for_one(app, owner, somebody, asks_passkey):
    """The password lets the person in again by itself; the mailbox is told."""
    (row,) = owner.get(NEW).json["items"]
    assert owner.delete(f"{NEW}/{row['id']}", headers=WRITE).status_code == 204
    with app.reading() as session:
        assert not session.scalars(select(models.User.asks_passkey)).one()
        assert [mail.template for mail in session.scalars(select(models.Mail))] == ["passkey_removed"]
    client = somebody()
    told = post(
        client, f"{API}/session", {"email": "ada@films.example", "password": "four dull stones in a brook"}
    )
    assert told.json["user"] == who(owner)


def test_the_mailbox_is_told_of_a_new_passkey(app, owner, asks_passkey):
    """In case it was somebody else who added it."""
    assert add(owner, Authenticator(), name="Key").status_code == 200
    with app.reading() as session:
        (mail,) = session.scalars(select(models.Mail))
    assert (mail.template, mail.to) == ("passkey_added", "ada@films.example")


# Who may, and how often


def install_with(app, **changed):
    """Another server on the same database, with other settings."""
    return create_app(replace(app, settings=app.settings.model_copy(update=changed)))


def test_no_account_is_made_where_none_may_be(app, somebody):
    """A passkey is as good a way to make one as an e-mail address; who has one adds as many as they like."""
    guest = install_with(app, registration="closed").test_client()
    like(guest, 1)
    told = post(guest, NEW_START)
    assert (told.status_code, told.json["type"]) == (403, "/problems/no-registration")
    assert add(somebody_with(app, somebody()), Authenticator()).status_code == 200


def somebody_with(app, client):
    """Somebody who made an account while that was allowed, at a server where it is no more."""
    like(client, 1)
    assert add(client, Authenticator()).status_code == 200
    later = install_with(app, registration="closed").test_client()
    later.set_cookie("moviefinder", client.get_cookie("moviefinder").value)
    return later


def test_an_invitation_makes_one_account(app):
    """It is taken with the passkey, not by looking."""
    flask = install_with(app, registration="invited")
    with app.transaction() as session:
        _, token = invitations.make(session, note="Ada", made_by=None, now=datetime.now(UTC))
    ada, bob = flask.test_client(), flask.test_client()
    for client in (ada, bob):
        like(client, 1)
    assert post(ada, NEW_START).status_code == 403
    assert post(ada, NEW_START, {"invitation": "made-up"}).status_code == 409
    made = {client: Authenticator().make(ask(client, NEW_START, invitation=token)) for client in (ada, bob)}
    assert post(ada, NEW, {"credential": made[ada], "name": "Phone"}).status_code == 200
    assert post(bob, NEW, {"credential": made[bob], "name": "Phone"}).status_code == 409
    assert who(bob)["guest"]


def test_tries_are_counted_by_address_and_by_passkey(app, owner, device):
    """Ten in five minutes; then even the right one waits, and an address that has tried nothing does not."""
    flask = install_with(app, sign_ins_per_5min=10)

    def tries(own, number):
        client = flask.test_client()
        client.environ_base["REMOTE_ADDR"] = f"198.51.100.{number}"
        return sign_in(client, own)

    def until_refused(own, numbers):
        codes = [tries(own, number).status_code for number in numbers]
        assert set(codes[:10]) == {403}
        assert 429 in codes  # by the twenty-first at the latest, where a window ended in between

    assert {tries(device, 1).status_code for _ in range(10)} == {200}
    until_refused(Authenticator(), [2] * 21)
    assert int(tries(device, 2).headers["Retry-After"]) <= 300
    assert tries(device, 3).status_code == 200  # successes were given back
    until_refused(Authenticator(credential_id=device.credential_id, handle=device.handle), range(4, 25))
    assert tries(device, 26).status_code == 429


# Where


@pytest.mark.parametrize(
    ("told", "name", "origin"),
    [
        ({}, "localhost", "http://localhost:8000"),
        ({"port": 80}, "localhost", "http://localhost"),
        ({"host": "::1", "port": 9000}, "localhost", "http://localhost:9000"),
        ({"host": "localhost"}, "localhost", "http://localhost:8000"),
        ({"base_url": "https://Films.Example"}, "films.example", "https://films.example"),
        ({"base_url": "https://films.example:8443"}, "films.example", "https://films.example:8443"),
        ({"base_url": "http://localhost:9000"}, "localhost", "http://localhost:9000"),
    ],
)
def test_a_passkey_belongs_to_the_address_that_is_set(tmp_path, told, name, origin):
    """And to localhost where that is loopback's number, which no browser takes."""
    place = webauthn.place_of(Settings(data=tmp_path, **told))
    assert (place.name, place.origin) == (name, origin)


def test_where_browsers_know_no_passkeys_none_are_asked_for(app):
    """Over plain HTTP, and on a bare address."""
    for told in (
        {"base_url": "http://films.example"},
        {"base_url": "https://192.0.2.7"},
        {"base_url": "https://[2001:db8::7]"},
        {"host": "192.168.1.5", "plain_http": True},
        {"host": "0.0.0.0"},
    ):
        assert webauthn.place(Settings(data=app.settings.data, **told)) is None
        refused = post(install_with(app, **told).test_client(), IN_START)
        assert (refused.status_code, refused.json["type"]) == (403, "/problems/not-allowed"), told


def test_a_host_header_has_no_say(owner, somebody, device):
    """What is asked, and what is believed, follows the settings alone."""
    for host in ("127.0.0.1:8000", "localhost:9999", "[::1]"):
        client = somebody()
        told = client.post(IN_START, json={}, headers=WRITE | {"Host": host})
        assert told.json["options"]["rpId"] == "localhost"
        signed = replace(device, origin=f"http://{host}").sign(told.json["options"])
        flow = {"Cookie": told.headers["Set-Cookie"].partition(";")[0], "Host": host}
        assert client.post(IN, json={"credential": signed}, headers=WRITE | flow).status_code == 403


# Nonsense


def nonsense():
    """Bytes; and the beginnings of CBOR that promise much."""
    deep = strategies.integers(1, 3_000).map(lambda n: b"\x81" * n)
    many = strategies.sampled_from(
        [b"\x9b" + b"\xff" * 8, b"\xbb" + b"\xff" * 8, b"\x5b" + b"\xff" * 8, b"\xd8", b"[" * 3000]
    )
    return strategies.one_of(strategies.binary(min_size=1, max_size=200), deep, many)


def test_no_depth_brings_it_down(owner):
    """Readers that call themselves for each level of nesting run out of levels."""
    for field, deep in (
        ("attestationObject", b"\x81" * 7_000),
        ("clientDataJSON", b"[" * 7_000),
        ("authenticatorData", bytes(32) + b"\xc5" + bytes(4) + bytes(16) + b"\0\x01x" + b"\x81" * 7_000),
    ):
        made = Authenticator().make(ask(owner, NEW_START))
        swap(made, {field}, {field: deep})
        answer = post(owner, NEW, {"credential": made, "name": "x"})
        assert answer.status_code == (200 if field == "authenticatorData" else 403), field
        signed = Authenticator().sign(ask(owner, IN_START))
        swap(signed, {field}, {field: deep})
        assert post(owner, IN, {"credential": signed}).status_code == 403, field


@hypothesis.settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=strategies.data())
def test_no_bytes_bring_it_down(owner, data):
    """Whatever stands in an answer, and wherever: it is refused, never a failure of ours."""
    junk = {
        "attestationObject": data.draw(nonsense()),
        "authenticatorData": data.draw(nonsense()),
        "clientDataJSON": data.draw(nonsense()),
        "signature": data.draw(nonsense()),
    }
    which = data.draw(strategies.sets(strategies.sampled_from(sorted(junk)), min_size=1))
    device = Authenticator()
    made = device.make(ask(owner, NEW_START))
    swap(made, which, junk)
    assert post(owner, NEW, {"credential": made, "name": "x"}).status_code in (200, 403)
    signed = device.sign(ask(owner, IN_START))
    swap(signed, which, junk)
    assert post(owner, IN, {"credential": signed}).status_code in (200, 403)


def swap(answer, which, junk):
    """Put junk in place of some fields."""
    for field in which & answer["response"].keys():
        answer["response"][field] = websafe_encode(junk[field])
