import json
import re
import socket
import threading
import time
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moviefinder.errors import SourceNonsense, SourceUnavailable
from moviefinder.sources.addresses import is_global, look_up, name_of, parse, resolve

WEB_PLATFORM = Path(__file__).parents[3] / "shared" / "fixtures-hostile" / "urls" / "urltestdata-half.json"
HOSTS = frozenset({"one.example", "example.com", "example.org", "www.example.com", "foo.com", "test.example"})
WRITTEN = frozenset(
    {"http://127.0.0.1:80", "http://home/tmdb", "https://[::1]:8443/x", "http://home/tmdb/deep"}
)

PUBLIC = (
    "8.8.8.8",
    "151.101.1.195",
    "52.84.1.1",
    "2606:4700::6810:84e5",
    "2a00:1450:4001:82f::200e",
    "1.1.1.1",
)
NOT_PUBLIC = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 192.0.0.1 192.0.2.1
    192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
    :: ::1 ::8.8.8.8 ::ffff:8.8.8.8 ::ffff:127.0.0.1 64:ff9b::808:808 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1
    2001:db8::1 2002:808:808::1 2002:7f00:1:: 3fff::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 2606:4700::1%1
    fec0::1 ff02::1
""".split()
NO_NUMBER = (
    "",
    "127.1",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "2130706433",
    "8.8.8",
    "8.8.8.8.8",
    "1.1.1.1 ",
    "08.8.8.8",
    "localhost",
)


@pytest.mark.parametrize("number", PUBLIC)
def test_a_public_number_may_be_connected_to(number):
    """Numbers that hosts on the internet have."""
    assert is_global(number)


@pytest.mark.parametrize("number", [*NOT_PUBLIC, *NO_NUMBER])
def test_no_other_number_may(number):
    """Private, local, shared, reserved, documentation, multicast, wrapped ones, and what is no number at all."""
    assert not is_global(number)


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_address_in_disguise_is_never_taken(address):
    """An IPv4 address that is wrapped in an IPv6 one is refused, be it public or not."""
    number = int(address)
    for wrapped in (
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address(number),
        IPv6Address((0x0064FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80) | 1),
        IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF)),
    ):
        assert not is_global(str(wrapped))
    if is_global(str(address)):
        assert not any((address.is_private, address.is_loopback, address.is_multicast, address.is_link_local))


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_only_unicast_that_is_given_out_is_taken(address):
    """Whatever else an address is, it begins with the three bits of global unicast."""
    if is_global(str(address)):
        assert int(address) >> 125 == 1
        assert not any((address.is_private, address.ipv4_mapped, address.sixtofour, address.teredo))


def test_an_address_on_the_list_is_taken_apart():
    """Scheme, host, port and what is sent; a fragment is not sent, and the query is no part of the name."""
    address = parse("https://one.example/3/movie/603?api_key=secret&language=de#here", hosts=HOSTS)
    assert (address.scheme, address.host, address.port) == ("https", "one.example", 443)
    assert address.target == "/3/movie/603?api_key=secret&language=de"
    assert address.name == address.host_header == "one.example"
    assert not address.is_written
    assert parse("https://one.example", hosts=HOSTS).target == "/"
    assert parse("https://ONE.example:443/", hosts=HOSTS).host == "one.example"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "one.example",
        "//one.example/",
        "http://one.example/",
        "ftp://one.example/",
        "file:///etc/passwd",
        "file://one.example/etc/passwd",
        "https://one.example:80/",
        "https://one.example:8443/",
        "https://one.example:443x/",
        "https://one.example:-1/",
        "https://one.example:99999/",
        "https://one.example./",
        "https://elsewhere.example/",
        "https://one.example.elsewhere.example/",
        "https://elsewhere.example/one.example",
        "https://notone.example/",
        "https://user@one.example/",
        "https://one.example@elsewhere.example/",
        "https://elsewhere.example#@one.example/",
        "https://elsewhere.example\\@one.example/",
        "https://one.example\\.elsewhere.example/",
        "https://one.example%2eelsewhere.example/",
        "https://one.example%00.elsewhere.example/",
        "https://one。example/",
        "https://ｏｎｅ.example/",
        "https://one.example/a b",
        "https://one.example/\r\nHost: elsewhere.example",
        "https://one.example/\x7f",
        "https://one.example/ä",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0x7f.0x0.0x0.0x1/",
        "https://0177.0.0.1/",
        "https://2130706433/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[one.example]/",
        "https://one.example/" + "a" * 8_000,
        "http://127.0.0.1/",
        "http://127.0.0.1:8000/",
        "http://127.0.0.1:80@elsewhere.example/",
        "http://home/tmdbx",
        "http://home/",
        "https://home/tmdb/3",
    ],
)
def test_an_address_elsewhere_is_refused(url):
    """Anything but HTTPS on its port to a name on the list, or what the operator wrote and more."""
    with pytest.raises(SourceNonsense) as refusal:
        parse(url, hosts=HOSTS, written=WRITTEN)
    assert "one.example" not in refusal.value.message  # an address may hold a key


def test_a_number_is_no_name_even_on_the_list():
    """A list that names a number by mistake opens nothing."""
    numbers = frozenset({"127.0.0.1", "2130706433", "0x7f.1", "[::1]", "localhost", "::1"})
    for number in numbers:
        with pytest.raises(SourceNonsense):
            parse(f"https://{number}/", hosts=numbers)


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "target", "name", "header"),
    [
        ("http://127.0.0.1:80/x?q=1", "http", "127.0.0.1", 80, "/x?q=1", "127.0.0.1:80", "127.0.0.1"),
        ("http://127.0.0.1:80?q=1", "http", "127.0.0.1", 80, "/?q=1", "127.0.0.1:80", "127.0.0.1"),
        ("http://home/tmdb/3", "http", "home", 80, "/tmdb/3", "home/tmdb", "home"),
        ("http://home/tmdb/deep/3", "http", "home", 80, "/tmdb/deep/3", "home/tmdb/deep", "home"),
        ("https://[::1]:8443/x", "https", "::1", 8443, "/x", "[::1]:8443/x", "[::1]:8443"),
    ],
)
def test_what_the_operator_wrote_is_used_as_written(url, scheme, host, port, target, name, header):
    """Plain HTTP and loopback included; it stands in the ledger under what was written."""
    address = parse(url, hosts=HOSTS, written=WRITTEN)
    assert (address.scheme, address.host, address.port, address.target) == (scheme, host, port, target)
    assert (address.name, address.host_header, address.is_written) == (name, header, True)


@given(st.text(max_size=60) | st.builds("https://{}".format, st.text(max_size=40)))
@example("https://[")
@example("https://one.example:²/")
@example("https://[::1%25eth0]/")
def test_whatever_comes_is_taken_apart_or_refused(url):
    """Nothing but a refusal comes of any text that does not lead to the list or to what was written."""
    try:
        address = parse(url, hosts=HOSTS, written=WRITTEN)
    except SourceNonsense:
        return
    assert address.is_written or address.host in HOSTS


@pytest.mark.skipif(not WEB_PLATFORM.is_file(), reason="../shared/fixtures-hostile is not here")
def test_browsers_agree_where_an_address_leads():
    """Of the web platform's own examples, read as HTTPS, what we take leads where browsers say that it leads."""
    cases = [case for case in json.loads(WEB_PLATFORM.read_text()) if isinstance(case, dict)]
    hosts = {case["hostname"] for case in cases if "hostname" in case} - {""}
    taken = 0
    for case in cases:
        try:
            address = parse(re.sub("^http:", "https:", case["input"]), hosts=hosts)
        except SourceNonsense:
            continue
        taken += 1
        assert not case.get("failure"), case
        assert case["protocol"] in ("http:", "https:"), case
        assert (case["hostname"], case["port"] in ("", "443")) == (address.host, True), case
    assert taken


def test_the_name_of_a_base_is_what_stands_in_the_ledger():
    """A host alone, or all that was written but scheme, secrets and the last slash."""
    assert name_of("https://One.example") == "one.example"
    assert name_of("http://me:secret@home:81/Cache/") == "home:81/Cache"


def found(*numbers):
    """A look-up that finds these numbers."""
    return lambda _host, port: [(number, port) for number in numbers]


ONE = parse("https://one.example/", hosts=HOSTS)
HOME = parse("http://home/tmdb", hosts=HOSTS, written=WRITTEN)


def test_a_name_is_resolved_to_checked_numbers():
    """In the order in which they were found."""
    assert resolve(ONE, timeout_s=1, look_up=found(*PUBLIC)) == [(number, 443) for number in PUBLIC]


@pytest.mark.parametrize("bad", NOT_PUBLIC)
def test_one_number_that_is_not_public_spoils_a_name(bad):
    """Wherever it stands among good ones."""
    for numbers in ([bad], [bad, PUBLIC[0]], [PUBLIC[0], bad]):
        with pytest.raises(SourceNonsense, match="not on the public internet"):
            resolve(ONE, timeout_s=1, look_up=found(*numbers))


def test_numbers_of_what_the_operator_wrote_are_not_checked():
    """A proxy at home has a number at home."""
    assert resolve(HOME, timeout_s=1, look_up=found("192.168.1.5")) == [("192.168.1.5", 80)]


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), OSError(), UnicodeError("label too long")])
def test_a_name_that_is_not_found_is_not_available(error):
    """Whatever the system's resolver raises."""

    def fail(host, port):
        raise error

    with pytest.raises(SourceUnavailable, match=r"one\.example cannot be found"):
        resolve(ONE, timeout_s=1, look_up=fail)


@pytest.mark.alone
def test_a_slow_resolver_is_not_waited_for():
    """The system's own knows no time-out."""
    done = threading.Event()

    def wait(host, port):
        done.wait(20)
        return [("8.8.8.8", port)]

    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match="cannot be found"):
        resolve(ONE, timeout_s=0.1, look_up=wait)
    assert time.monotonic() - began < 1
    done.set()


def test_the_systems_resolver_takes_numbers_as_they_are():
    """Without asking anybody."""
    assert look_up("127.0.0.1", 80) == [("127.0.0.1", 80)]
    assert look_up("::1", 8443) == [("::1", 8443)]
