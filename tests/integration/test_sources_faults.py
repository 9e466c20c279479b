"""Every way in which a service can fail: what a source is told, how long that takes, and what it costs us.

Time limits are a fifth of the real ones here; `tests/faults/test_sources_faults.py` prints the figures of those.
"""

from urllib.parse import urlsplit

import pytest

from tests.asking import asking

LIMITS = {"connect_s": 0.6, "read_s": 1.6, "whole_s": 2, "turn_s": 1, "pause_s": 0.06}
BUSY_MACHINE_S = 1.5
MEGABYTES = 64

# Each kind of fault, what it becomes, and how often a host that fails so is asked.
FAULTS = {
    "429": ("SourceUnavailable", 3),
    "500": ("SourceUnavailable", 3),
    "502": ("SourceUnavailable", 3),
    "503": ("SourceUnavailable", 3),
    "504": ("SourceUnavailable", 3),
    "408": ("SourceUnavailable", 3),
    "reset": ("SourceUnavailable", 3),
    "hang-up": ("SourceUnavailable", 3),
    "cut-off": ("SourceUnavailable", 3),
    "not-http": ("SourceUnavailable", 3),
    "many-headers": ("SourceUnavailable", 3),
    "long-header": ("SourceUnavailable", 3),
    "long-chunk-size": ("SourceUnavailable", 3),
    "silence": ("SourceUnavailable", 2),
    "slow-headers": ("SourceUnavailable", 1),
    "slow-body": ("SourceUnavailable", 1),
    "slow-body-without-length": ("SourceUnavailable", 1),
    "continue-forever": ("SourceUnavailable", 1),
    "401": ("SourceRefused", 1),
    "403": ("SourceRefused", 1),
    "407": ("SourceRefused", 1),
    "451": ("SourceRefused", 1),
    "challenge": ("SourceRefused", 1),
    "404": ("NotThere", 1),
    "410": ("NotThere", 1),
    "400": ("SourceNonsense", 1),
    "204": ("SourceNonsense", 1),
    "304": ("SourceNonsense", 1),
    "399": ("SourceNonsense", 1),
    "huge": ("SourceNonsense", 1),
    "huge-without-length": ("SourceNonsense", 1),
    "huge-in-chunks": ("SourceNonsense", 1),
    "gzip-bomb": ("SourceNonsense", 1),
    "gzip-of-nothing": ("SourceNonsense", 1),
    "truncated-gzip": ("SourceNonsense", 1),
    "two-gzips": ("SourceNonsense", 1),
    "unpackable": ("SourceNonsense", 1),
    "brotli": ("SourceNonsense", 1),
    "empty": ("SourceNonsense", 1),
    "garbage": ("SourceNonsense", 1),
    "html": ("SourceNonsense", 1),
    "image": ("SourceNonsense", 1),
    "deep": ("SourceNonsense", 1),
    "deep-objects": ("SourceNonsense", 1),
    "wide": ("SourceNonsense", 1),
    "doubled-keys": ("SourceNonsense", 1),
    "not-a-number": ("SourceNonsense", 1),
}


@pytest.fixture(scope="module")
def asker():
    """A process that asks."""
    with asking() as asker:
        yield asker


@pytest.fixture
def ask(asker, stand_in):
    """Ask the stand-in as TMDB would be asked, with a key that must not get around."""

    def ask(path="/movie/603", **more):
        written = more.setdefault("written", f"{stand_in.address}/tmdb/3")
        return asker.ask(f"{written}{path}?api_key=secret-key", limits=LIMITS, **more)

    return ask


def port(address):
    """Where an address leads."""
    return urlsplit(address).port


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_costs_little_and_leaves_nothing(kind, ask, stand_in, asker):
    """The right exception in time and memory, no connection elsewhere, nothing kept, no key told."""
    error, asked = FAULTS[kind]
    stand_in.fault("/tmdb", kind)
    told = ask()
    assert told["error"] == error
    assert told["seconds"] < LIMITS["whole_s"] + BUSY_MACHINE_S
    assert told["mb"] <= MEGABYTES
    assert told["kept"] == 0
    assert {tuple(place) for place in told["connections"]} == {("127.0.0.1", port(stand_in.address))}
    assert len(stand_in.journal("/tmdb")) <= asked
    assert told["seconds"] > 0.5 or len(stand_in.journal("/tmdb")) == asked
    assert "secret-key" not in told["message"] + asker.log.read_text()


@pytest.mark.parametrize("kind", ["gzip", "cookies", "rich", "delay"])
def test_what_only_looks_like_a_fault_is_an_answer(kind, ask, stand_in):
    """Packed as we offered, with a cookie that goes nowhere, as rich as may be, or late but in time."""
    stand_in.fault("/tmdb", kind, seconds=0.3)
    told = ask()
    assert (told["error"], told["kept"], len(told["connections"])) == (None, 1, 1)
    assert told["mb"] <= MEGABYTES


@pytest.mark.parametrize("kind", ["missing-fields", "wrong-types", "null", "empty", "garbage"])
def test_a_film_without_its_fields_is_nonsense(kind, ask, stand_in):
    """What the fields must be is the source's to say; here TMDB's."""
    assert ask(how="film")["error"] is None
    stand_in.fault("/tmdb", kind)
    told = ask(how="film")
    assert (told["error"], told["kept"]) == ("SourceNonsense", 0)


@pytest.mark.parametrize("name", ["refused", "silent", "tls", "tls_elsewhere"])
def test_nobody_there_or_nobody_to_trust_is_not_available(name, ask, stand_in):
    """Nobody listens, nobody accepts, nobody proves a name: told in time, and nothing is sent."""
    if name not in stand_in.addresses:
        pytest.skip("there is no openssl here")
    address = stand_in.addresses[name]
    told = ask(written=f"{address}/tmdb/3")
    assert told["error"] == "SourceUnavailable"
    assert told["seconds"] < LIMITS["whole_s"] + BUSY_MACHINE_S
    assert {place[1] for place in told["connections"]} == {port(address)}
    assert not stand_in.journal("/tmdb")


def test_a_name_that_nobody_has_is_not_available(ask):
    """The resolver's own time-outs are not waited for, and nobody is connected to but the resolver."""
    told = ask(written="http://nobody.invalid/tmdb/3")
    assert told["error"] == "SourceUnavailable"
    assert told["seconds"] < LIMITS["whole_s"] + BUSY_MACHINE_S
    assert all(place[1] == 53 for place in told["connections"])


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1:{port}/tmdb/3/secret",
        "http://localhost:{port}/tmdb/3/secret",
        "http://2130706433:{port}/tmdb/3/secret",
        "http://[::ffff:127.0.0.1]:{port}/tmdb/3/secret",
        "https://127.0.0.1:{port}/tmdb/3/secret",
        "https://localhost:{port}/tmdb/3/secret",
        "http://169.254.169.254/latest/meta-data/",
        "//127.0.0.1:{port}/tmdb/3/secret",
        "/tmdb/3/secret",
        "secret",
        "?",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/",
        "http://one.example/",
        "https://one.example:{port}/",
        "https://one.example@127.0.0.1:{port}/",
        "https://elsewhere.example/",
        "http://[",
        "",
        "https://one.example/\x00",
    ],
)
def test_a_redirect_elsewhere_is_not_followed(to, ask, stand_in):
    """Not inside, not to where the operator sends us by hand, not to what is not on the list, not to a file."""
    stand_in.fault("/tmdb", "redirect", to=to.format(port=port(stand_in.address)))
    told = ask()
    assert told["error"] == "SourceNonsense"
    assert len(told["connections"]) == 1
    assert [asked["path"] for asked in stand_in.journal()] == ["/tmdb/3/movie/603"]


@pytest.mark.parametrize(
    "number",
    ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "0.0.0.0"],
)
def test_a_name_with_a_number_inside_is_not_connected_to(number, ask):
    """A host on the list whose name leads home, alone or beside a good number."""
    for numbers in ([[number, 443]], [["8.8.8.8", 443], [number, 443]]):
        told = ask(written="", path="https://one.example/tmdb/3/movie/603", numbers=numbers)
        assert told["error"] == "SourceNonsense"
        assert told["connections"] == []
