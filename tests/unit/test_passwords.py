"""Passwords: how they are hashed, how many at a time, and which are too weak to be taken."""

from __future__ import annotations

import gzip
import statistics
import threading
import time
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from moviefinder.config import Settings
from moviefinder.errors import Invalid, TooMany
from moviefinder.services.accounts import passwords, weak

SETTINGS = Settings()
EMAIL, NAME = "anna.kovacs@example.org", "Anna Kovács"


def refusal(plain, settings=SETTINGS):
    """Why a password is refused; None: it is taken."""
    try:
        weak.check_new(plain, email=EMAIL, name=NAME, settings=settings)
    except Invalid as error:
        return error.field == "password" and error.message
    return None


def test_a_password_is_hashed_with_the_parameters_that_are_asked_for():
    """Argon2id, 19 MiB, two rounds, one lane, salted; and so is what stands in for nobody's."""
    first, second = passwords.hash_password("a horse"), passwords.hash_password("a horse")
    assert first != second
    for hashed in (first, second, passwords._NOBODYS):
        assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert not passwords.needs_rehash(hashed)
    assert passwords.needs_rehash(first.replace("t=2", "t=1"))


@pytest.mark.parametrize(
    "plain",
    [
        "a horse",
        "é" * 64,
        "😀 and \t spaces ",
        "x" * 1024,
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ],
)
def test_the_same_password_matches_and_no_other(plain):
    """To the last character, in any script."""
    hashed = passwords.hash_password(plain)
    assert passwords.verify(hashed, plain)
    assert not passwords.verify(hashed, plain + "x")
    assert not passwords.verify(hashed, plain[:-1] or "y")


def test_a_password_matches_however_a_keyboard_composes_it():
    """An o with two dots is one character on one machine and two on the next."""
    assert passwords.verify(passwords.hash_password("o\u0308re sund"), "\u00f6re sund")


def test_where_there_is_no_password_none_matches():
    """Nor does a text that is no hash."""
    assert not passwords.verify(None, "a horse")
    assert not passwords.verify("broken", "a horse")


@pytest.mark.alone
def test_nobodys_password_costs_what_somebodys_does(record_property):
    """The medians of 25 each, taken in turns, lie within a third of each other."""
    hashed, took = passwords.hash_password("a horse"), {True: [], False: []}
    for _ in range(25):
        for known in (True, False):
            began = time.perf_counter()
            passwords.verify(hashed if known else None, "another horse")
            took[known].append(time.perf_counter() - began)
    known, unknown = (statistics.median(took[one]) for one in (True, False))
    record_property("measured", {"what": "one password compared", "ms": round(known * 1000, 1)})
    assert 0.7 < known / unknown < 1.4


def test_as_many_hash_at_once_as_there_is_room_and_the_rest_is_sent_away():
    """One at work and two who wait: the fourth is told to come again, and the waiting ones get their turn."""
    room, inside, done = passwords.Room(at_once=1, queue=2), threading.Event(), threading.Event()
    most, now, lock = [0], [0], threading.Lock()

    def work():
        with room.place():
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            inside.set()
            done.wait(10)
            with lock:
                now[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    inside.wait(10)
    while room._places:
        time.sleep(0.001)
    with pytest.raises(TooMany) as refused, room.place():
        pass
    assert refused.value.retry_after_s
    done.set()
    for thread in threads:
        thread.join()
    assert most == [1]
    with room.place():
        pass


def test_a_process_of_few_threads_keeps_half_of_them_free():
    """However many might wait otherwise."""
    room = passwords.Room(at_once=1)
    room.limit_places(2)
    room.limit_places(4)
    assert room._places == 2


def test_every_common_password_is_refused():
    """All of the list, in any case; it holds more than three thousand of the least length."""
    packed = resources.files("moviefinder").joinpath("shipped/common-passwords.txt.gz").read_bytes()
    listed = gzip.decompress(packed).decode().split()
    assert sum(len(one) >= 8 for one in listed) > 3000
    assert [one for one in listed if not refusal(one) or not refusal(one.upper())] == []


@pytest.mark.parametrize(
    "plain",
    [
        "moviefinder",
        "MovieFinder2026!",
        "moviefindermoviefinder",
        "moviefinder moviefinder",
        "password123456789",
        "!!!password!!!",
        "Password1password2",
        "annakovacs99",
        "anna.kovacs",
        "Kovács!!!2020",
        "anna.kovacs@example.org",
        "abcdefghijklmno",
        "987654321098765",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "qwertyuiopasdfghjkl",
        "aaaabbbbccccdddd",
        "ＰＡＳＳＷＯＲＤ",
    ],
)
def test_a_word_that_others_try_is_refused_with_whatever_is_added(plain):
    """Padding, repeats, sequences, the person's own name and the product's."""
    assert refusal(plain)


@pytest.mark.parametrize(
    "plain",
    [
        "correct horse battery staple",
        "a-horse-in-the-attic",
        "83920184756201938475",
        "moviefinder 8392 0184 7562 0193",
        "пароль как дела",
        "99bottles99",
        "🐴🔋📎✅🏠🎈🌵🧊",
        "z" + "ab1x" * 255,
    ],
)
def test_a_password_that_nobody_else_has_is_taken_without_rules_of_composition(plain):
    """Any script, blanks, digits alone."""
    assert refusal(plain) is None


def test_length_is_counted_in_characters_and_bounded_in_bytes():
    """Eight by default, as many as the operator wants; 1,024 bytes at most, and never cut."""
    assert refusal("кот🐈дом") is not None
    assert refusal("кот🐈дом1") is None
    assert refusal("correct horse", Settings(password_length=15))
    assert refusal("correct horse b", Settings(password_length=15)) is None
    mixed = "".join(chr(0x4E00 + 7 * number % 5000) for number in range(342))
    assert len(mixed.encode()) == 1026
    assert "1024 bytes" in refusal(mixed)
    assert refusal(mixed[:-1]) is None


@examples(max_examples=200, deadline=None)
@given(
    words=st.lists(
        st.text("bcdfghjkmnpqrstvwxz", min_size=5, max_size=9), min_size=3, max_size=6, unique=True
    )
)
def test_several_words_are_a_password(words):
    """Where they are no run of keys or letters."""
    plain = " ".join(words)
    if weak._steps(plain) >= 8:
        assert refusal(plain) is None


@pytest.mark.alone
@pytest.mark.parametrize(
    "plain", ["a" * 1024, "ab" * 512, "a" * 1023 + "b", "1a" * 500, "!" * 1024, "aab" * 341]
)
def test_a_hostile_password_is_judged_at_once(plain):
    """Within 50 ms, whatever it repeats."""
    began = time.perf_counter()
    refusal(plain)
    assert time.perf_counter() - began < 0.05
