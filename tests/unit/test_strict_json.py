import json
import math
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.errors import Malformed
from moviefinder.strict_json import parse

HOSTILE = Path(__file__).parents[3] / "shared" / "fixtures-hostile" / "json"

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=30,
)


@given(value=VALUES, escaped=st.booleans())
def test_what_was_written_is_read(value, escaped):
    """Any value within the limits comes back as it was, however it is written."""
    assert parse(json.dumps(value, ensure_ascii=escaped).encode(), values=1_000) == value


@given(value=VALUES)
def test_as_many_values_as_there_are_is_enough_and_one_less_is_not(value):
    """The limit counts exactly, although most of what is too long is found before it is made."""
    count = counted(value)
    parse(json.dumps(value).encode(), values=count)
    with pytest.raises(Malformed, match="more than"):
        parse(json.dumps(value).encode(), values=count - 1)


def counted(value):
    """How many values this is, with itself."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(counted, inner))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"a": 1, "a": 2}', "a key twice"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"[1e999]", "too large"),
        (b"[9223372036854775808]", "beyond 64 bits"),
        (b"[" + b"9" * 100_000 + b"]", "beyond 64 bits"),
        (rb'["\u0000"]', r"U\+0000"),
        (rb'{"\u0000": 1}', r"U\+0000"),
        (rb'["\ud800"]', "surrogate"),
        (rb'{"\udc00": 1}', "surrogate"),
        (b"[" * 65 + b"]" * 65, "nested deeper than 64"),
        (b"[" * 100_000 + b"]" * 100_000, "nested deeper than 64"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested deeper than 64"),
    ],
)
def test_what_is_not_the_json_we_accept_is_refused(data, why):
    """Each is malformed, and the message says why and of what."""
    with pytest.raises(Malformed, match=rf"^The answer .*{why}.*\.$"):
        parse(data, name="answer", values=200_000)


def test_sixty_four_levels_are_read():
    """The limit is the last level that is read."""
    parse(b"[" * 64 + b"]" * 64, values=100)


def test_a_text_may_be_as_long_as_is_said():
    """Without a limit it is as long as it comes."""
    long = json.dumps(["a" * 11]).encode()
    assert parse(long, values=2)
    with pytest.raises(Malformed, match="more than 10 characters"):
        parse(long, values=2, text=10)


def test_commas_and_brackets_in_a_text_are_no_values():
    """They are told apart before anything is refused, escaped quotes and all."""
    text = ',[{"\\' * 1_000
    assert parse(json.dumps([text, text]).encode(), values=3) == [text, text]


@pytest.mark.parametrize(
    "data",
    [
        b"[" + b"[],[]," * 800_000 + b"1]",
        b'"' + b'\\"' * 2_500_000,
        b'"' * 5_000_000,
        b'["' + b"," * 1_000_000 + b'"' * 4_000_000,
        b'"\\',
        b'["\\',
    ],
)
def test_five_hostile_megabytes_are_refused_in_little_time(data):
    """Counting goes over the bytes once, also where a text has no end."""
    began = time.perf_counter()
    with pytest.raises(Malformed):
        parse(data, values=1)
    assert time.perf_counter() - began < 3


def test_counting_takes_no_memory():
    """Whatever is counted: many short texts took forty times their length."""
    data = b"[" + b'",' * 500_000
    tracemalloc.start()
    try:
        with pytest.raises(Malformed, match="more than 20000 values"):
            parse(data, values=20_000)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_numbers_are_numbers():
    """Whole ones stay whole."""
    assert parse(b"[8, 8.5, -0, 1e2]", values=5) == [8, 8.5, 0, 100.0]
    assert math.copysign(1, parse(b"-0.0", values=1)) == -1


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="../shared/fixtures-hostile is not here")
def test_other_peoples_hostile_json_is_read_or_refused():
    """What must be read is read, unless it breaks a limit of ours; what must not is refused."""
    files = sorted(HOSTILE.glob("*.json"))
    assert files
    ours = ("a key twice", "U+0000", "surrogate", "64 bits")
    for file in files:
        why = why_not(file.read_bytes())
        must = file.name[0]
        assert must != "n" or why, file.name
        assert must != "y" or not why or any(limit in why for limit in ours), file.name


def why_not(data):
    """Why this is refused; empty when it is read."""
    try:
        parse(data, values=1_000)
    except Malformed as error:
        return error.message
    return ""
