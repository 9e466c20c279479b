"""Where somebody is sent after signing in is a page of ours, whatever the address asked for."""

import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from conftest import MEASURED
from moviefinder.config import ProviderSettings, Settings
from moviefinder.web import create_app
from tests.conftest import WRITE

HOSTILE = (
    Path(__file__).resolve().parents[3] / "shared" / "fixtures-hostile" / "payloads" / "open-redirect.txt"
)
ADDRESS = "https://films.example"
ELSEWHERE = [
    "//evil.example",
    "///evil.example/%2f..",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/%09/evil.example",
    "/%5cevil.example",
    "/%2f/evil.example",
    "/./..//evil.example",
    "/film/1//evil.example",
    "https://evil.example",
    "https:evil.example",
    "HTTPS://films.example@evil.example/",
    "//films.example@evil.example",
    "//films.example:443@evil.example",
    "javascript:alert(1)",
    "/javascript:alert(1);",
    "data:text/html,x",
    "/film/1\r\nSet-Cookie: a=b",
    "/film/1#@evil.example",
    "film/1",
    "",
    " /film/1",
    "/film/1\x00",
    "／／evil.example",
]
OURS = ["/", "/film/1", "/account", "/search?q=heat", "/library?verdict=liked&sort=-said"]


@pytest.fixture
def settings(tmp_path):
    """With a provider that is away: what is refused is refused before it is asked."""
    provider = ProviderSettings(issuer="http://127.0.0.1:9", client_id="test")
    return Settings(data=tmp_path / "data", base_url=ADDRESS, providers={"test": provider})


def as_browsers_read(address):
    """Tabs and line ends are dropped, controls at the ends too, and a backslash is a slash (WHATWG URL)."""
    return re.sub(r"[\t\n\r]", "", address).strip("".join(map(chr, range(33)))).replace("\\", "/")


def test_after_a_sign_in_nobody_is_sent_elsewhere(app, record_property):
    """Each is refused as no path of ours, or is one however a browser reads it."""
    hostile = HOSTILE.read_text(errors="surrogateescape").splitlines() if HOSTILE.is_file() else []
    client, taken = create_app(app).test_client(use_cookies=False), 0
    for asked in [*ELSEWHERE, *OURS, *hostile]:
        answer = client.post(
            "/api/v1/auth/test",
            json={"intent": "sign_in", "next": asked.encode(errors="replace").decode()},
            headers=WRITE,
            base_url=ADDRESS,
        )
        if answer.status_code in (400, 422):
            assert asked not in OURS, asked
            continue
        assert answer.status_code == 424, answer.text  # the provider is away: the address was taken
        taken += 1
        for read in (as_browsers_read(asked), asked):
            assert urlsplit(urljoin(ADDRESS, read)).netloc == "films.example", asked
            assert urljoin(ADDRESS, read).startswith(f"{ADDRESS}/"), asked
            assert not re.match(r"[\\/]{2}", read), asked
    sent = len(ELSEWHERE) + len(hostile)
    record_property(MEASURED, {"hostile_redirects": sent, "taken": taken - len(OURS), "off_our_origin": 0})
