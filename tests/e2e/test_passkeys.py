"""Passkeys in a real browser, with its virtual authenticator and our policy in force."""

import subprocess
import sys

import pytest

from tests.browser import LOVED

ASK = """async ([method, path, body]) => {
  const told = await fetch(`/api/v1${path}`, {
    method,
    headers: body === null ? {} : { "Content-Type": "application/json" },
    body: body === null ? undefined : JSON.stringify(body),
  });
  const text = await told.text();
  return { status: told.status, body: text ? JSON.parse(text) : null };
}"""
MAKE = """async (options) => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  try {
    return (await navigator.credentials.create({ publicKey })).toJSON();
  } catch (error) {
    return error.name;
  }
}"""
SIGN = """async (options) => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  try {
    return (await navigator.credentials.get({ publicKey })).toJSON();
  } catch (error) {
    return error.name;
  }
}"""
ALONE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Person:
    """Somebody at a page of ours, with a device that holds passkeys."""

    def __init__(self, page):
        self.page = page
        self.device = page.context.new_cdp_session(page)
        self.device.send("WebAuthn.enable")
        told = self.device.send("WebAuthn.addVirtualAuthenticator", {"options": ALONE})
        self.authenticator = {"authenticatorId": told["authenticatorId"]}

    def ask(self, method, path, body=None):
        """What the page gets when it asks."""
        return self.page.evaluate(ASK, [method, path, body])

    def who(self):
        """The person of this browser, as it is told."""
        return self.ask("GET", "/session")["body"]["user"]

    def make(self, name="My phone"):
        """Add a passkey; the answer, or the name of what the browser refused with."""
        options = self.ask("POST", "/account/passkeys/start", {})["body"]["options"]
        made = self.page.evaluate(MAKE, options)
        if isinstance(made, str):
            return made
        return self.ask("POST", "/account/passkeys", {"credential": made, "name": name})

    def sign(self, **start):
        """What the browser signs, or the name of what it refused with."""
        return self.page.evaluate(SIGN, self.ask("POST", "/session/passkey/start", start)["body"]["options"])

    def sign_in(self, **start):
        """Sign in with what the device holds; the answer."""
        return self.ask("POST", "/session/passkey", {"credential": self.sign(**start)})

    def sign_out(self):
        """End the session."""
        assert self.ask("DELETE", "/session")["status"] == 204

    def passkeys(self):
        """What the device holds."""
        return self.device.send("WebAuthn.getCredentials", self.authenticator)["credentials"]


@pytest.fixture
def at_localhost(server):
    """The same server by a name, for browsers have no passkeys on a bare address."""
    return server.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def person(visit, at_localhost):
    """A guest who likes a film."""
    return Person(visit(url=at_localhost, loves=LOVED[:1]))


def test_a_guest_makes_a_passkey_signs_out_and_comes_back(person):
    """The films are there again, and nobody was named."""
    guest = person.who()
    assert guest["guest"]
    assert person.make()["status"] == 200
    assert (person.who()["id"], person.who()["guest"]) == (guest["id"], False)
    (held,) = person.passkeys()
    assert held["isResidentCredential"]
    assert held["rpId"] == "localhost"
    person.sign_out()
    assert person.who() is None
    assert person.sign_in()["status"] == 200
    assert (person.who()["id"], person.who()["guest"]) == (guest["id"], False)
    assert person.ask("GET", "/library")["body"]["count"] == 1
    assert person.sign_in(again=True)["status"] == 200
    assert person.ask("GET", "/account/passkeys")["body"]["items"][0]["last_used_at"] is not None


def test_a_device_makes_one_passkey_of_an_account(person):
    """The browser is told which there are, and says so itself."""
    assert person.make()["status"] == 200
    assert person.make() == "InvalidStateError"
    assert len(person.passkeys()) == 1


def test_whoever_finds_the_device_does_not_get_in(person):
    """Without a finger or a code the browser signs nothing."""
    assert person.make()["status"] == 200
    person.sign_out()
    person.device.send("WebAuthn.setUserVerified", {**person.authenticator, "isUserVerified": False})
    assert person.sign() == "NotAllowedError"
    assert person.who() is None


def test_a_passkey_is_asked_for_after_the_password(person, server):
    """Of who wants that; without it the password opens nothing."""
    known = {"email": "both@films.example", "password": "four dull stones in a brook"}
    command = [sys.executable, "-m", "moviefinder", "user", "add", known["email"]]
    command += ["--data", str(server.log.parent / "data")]
    subprocess.run(command, input=known["password"], text=True, check=True, capture_output=True)
    assert person.ask("POST", "/session", known)["status"] == 200
    assert person.make()["status"] == 200
    assert person.ask("PATCH", "/account", {"asks_passkey": True})["status"] == 200
    me = person.who()
    person.sign_out()
    asked = person.ask("POST", "/session", known)["body"]
    assert asked["user"] is None
    assert person.who() is None
    signed = person.page.evaluate(SIGN, asked["second_factor"]["options"])
    assert person.ask("POST", "/session/passkey", {"credential": signed})["status"] == 200
    assert person.who() == me


def test_a_copied_passkey_is_refused(person, complaints):
    """Its count falls behind that of the one it was copied from."""
    complaints.expected = ("status of 403",)
    assert person.make()["status"] == 200
    (copied,) = person.passkeys()
    person.sign_out()
    assert person.sign_in()["status"] == 200
    person.sign_out()
    person.device.send("WebAuthn.clearCredentials", person.authenticator)
    person.device.send("WebAuthn.addCredential", {**person.authenticator, "credential": copied})
    told = person.sign_in()
    assert (told["status"], told["body"]["type"]) == (403, "/problems/wrong-secret")
    assert person.who() is None


def test_a_browser_has_none_on_a_bare_address(visit):
    """So the page says where it has them."""
    person = Person(visit(loves=LOVED[:1]))
    assert person.make() == "SecurityError"
    assert person.sign() == "SecurityError"
