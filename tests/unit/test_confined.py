"""A function in a child: its result, or one kind of failure; never more memory or time than it was given."""

import os
import sys
import time

import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st

from moviefinder import confined

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def give_back(value):
    """In the child: the value, as it came."""
    return value


def fill_memory(megabytes):
    """In the child: take memory, and say how much."""
    return len(bytearray(megabytes * 2**20))


def spin():
    """In the child: use the processor for ever."""
    while True:
        pass


def complain():
    """In the child: fail with many words."""
    raise ValueError("no such thing " * 100)


def leave(number):
    """In the child: end without a word."""
    os._exit(number)


def write_a_file(path):
    """In the child: try to write."""
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(b"x" * 100)


def answer_without_end():
    """In the child: write more than anybody wants to read."""
    while True:
        os.write(3, b"x" * 65_536)


def answer_without_bottom():
    """In the child: write what nobody can read without going very deep."""
    os.write(3, b"[" * 60_000)
    os._exit(0)


def look_around():
    """In the child: what it can see of its parent."""
    return {"environment": dict(os.environ), "modules": sorted(sys.modules), "folder": os.getcwd()}  # noqa: PTH109


def test_it_does_what_the_function_does():
    """With bytes and values of JSON, both ways."""
    value = {"name": "Amélie", "image": b"\x00\xff" * 1000, "sizes": [160, 320], "nothing": None}
    assert confined.run(give_back, value) == value


@configure(max_examples=300)
@given(value=values)
def test_bytes_and_values_survive_the_way(value):
    """Whatever the keys are called."""
    assert confined._unpacked(confined._packed(value)) == value


def test_what_it_raises_is_told_in_few_words():
    """One kind of failure for all of them."""
    with pytest.raises(confined.Failed, match="no such thing") as failed:
        confined.run(complain)
    assert len(str(failed.value)) == confined.REASON_LENGTH


def test_too_much_memory_is_refused_and_enough_is_given():
    """Counted beyond what the child needs to be there at all."""
    assert confined.run(fill_memory, 50, memory_mb=100) == 50 * 2**20
    with pytest.raises(confined.Failed, match="too much memory"):
        confined.run(fill_memory, 200, memory_mb=100)


@pytest.mark.parametrize(("function", "args"), [(spin, ()), (time.sleep, (60,))])
def test_too_much_time_is_refused(function, args):
    """Of the processor and of the clock."""
    began = time.monotonic()
    with pytest.raises(confined.Failed, match="too long"):
        confined.run(function, *args, seconds=0.5)
    assert time.monotonic() - began < 5


def test_an_answer_that_nobody_can_read_is_a_failure():
    """Whoever took the child over has no say in what is raised here."""
    with pytest.raises(confined.Failed, match="without an answer"):
        confined.run(answer_without_bottom)


@pytest.mark.parametrize("number", [0, 1])
def test_a_death_is_a_failure(number):
    """Also one that looks like success."""
    with pytest.raises(confined.Failed, match="without an answer"):
        confined.run(leave, number)


def test_what_it_answers_has_an_end(monkeypatch):
    """A child that was taken over must not fill our memory."""
    monkeypatch.setattr(confined, "RESULT_BYTES", 1_000_000)
    with pytest.raises(confined.Failed):
        confined.run(answer_without_end)
    with pytest.raises(confined.Failed, match="more than can be taken"):
        confined.run(give_back, b"x" * 1_000_000)


def test_it_writes_no_file_and_sees_nothing_of_ours(tmp_path, monkeypatch):
    """Neither our environment, which may hold keys, nor our folder."""
    monkeypatch.setenv("MOVIEFINDER_SOURCES_TMDB_KEY", "secret")
    with pytest.raises(confined.Failed):
        confined.run(write_a_file, str(tmp_path / "written"))
    assert not (tmp_path / "written").exists() or (tmp_path / "written").stat().st_size == 0
    seen = confined.run(look_around)
    assert "secret" not in str(seen)
    assert seen["folder"] == "/"
    assert not {"flask", "sqlalchemy", "numpy"} & set(seen["modules"])
