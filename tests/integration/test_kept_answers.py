import random
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from moviefinder.store import insert_or, make_engine, reading, writing
from moviefinder.store import kept as module
from moviefinder.store.kept import KEPT_FOR, KeptAnswers, forget_answers, forget_old_answers
from moviefinder.store.models import Base, KeptAnswer

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def engine(settings):
    """A database with our tables, on each kind in turn."""
    settings.data.mkdir()
    engine = make_engine(settings.database_url)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def kept(engine):
    """Kept answers, with a clock that `kept.now` moves."""

    class Moved(KeptAnswers):
        now = START

    answers = Moved(engine, clock=lambda: answers.now)
    return answers


def keep(
    kept, key=b"key", body=b'{"a": 1}', *, source="tmdb", fresh=HOUR, etag=None, last_modified=None, **more
):
    """Keep an answer."""
    kept.keep(key, source, body, etag=etag, last_modified=last_modified, fresh=fresh, **more)


ROW = {"key": b"row", "source": "imdb", "body": b"", "fetched_at": START, "fresh_until": START}


def keys(engine):
    """What is kept."""
    with reading(engine) as session:
        return set(session.scalars(select(KeptAnswer.key)))


def test_an_answer_is_found_again_and_ages(kept):
    """As it was, with what its host can be asked; fresh for as long as was said."""
    keep(kept, etag='"1"', last_modified="yesterday")
    found = kept.find(b"key")
    assert (found.body, found.etag, found.last_modified, found.is_fresh) == (
        b'{"a": 1}',
        '"1"',
        "yesterday",
        True,
    )
    kept.now += HOUR
    assert not kept.find(b"key").is_fresh
    assert kept.find(b"other") is None


def test_a_newer_answer_takes_the_place_of_an_older(kept, engine):
    """One for each question."""
    keep(kept, etag='"1"')
    kept.now += HOUR
    keep(kept, body=b"[]")
    found = kept.find(b"key")
    assert (found.body, found.etag, found.is_fresh) == (b"[]", None, True)
    assert len(keys(engine)) == 1


def test_an_answer_that_is_too_long_is_not_kept(kept, engine):
    """What counts is what it takes."""
    keep(kept, body=random.Random(1).randbytes(300_000))
    assert not keys(engine)
    keep(kept, body=b" " * 5_000_000)
    assert len(kept.find(b"key").body) == 5_000_000


def test_the_oldest_make_room(kept, engine, monkeypatch):
    """All together take no more than they may, whatever came."""
    monkeypatch.setattr(module, "BYTES", 1_000_000)
    monkeypatch.setattr(module, "COUNTED_EVERY", 2)
    numbers = random.Random(2)
    for number in range(20):
        kept.now += timedelta(seconds=1)
        keep(kept, key=bytes([number]), body=numbers.randbytes(100_000))
    with reading(engine) as session:
        assert session.scalar(select(func.sum(func.length(KeptAnswer.body)))) <= 1_000_000
    assert keys(engine) == {bytes([number]) for number in range(20 - len(keys(engine)), 20)}
    assert len(keys(engine)) >= 4


def test_a_source_is_forgotten_and_so_is_what_is_old(kept, engine):
    """The rest stays."""
    keep(kept, key=b"1")
    keep(kept, key=b"2", source="imdb")
    with writing(engine) as session:
        forget_answers(session, "tmdb")
    assert keys(engine) == {b"2"}
    kept.now += KEPT_FOR
    keep(kept, key=b"3")
    with writing(engine) as session:
        forget_old_answers(session, now=kept.now + timedelta(seconds=1))
    assert keys(engine) == {b"3"}


@pytest.mark.alone
def test_a_busy_database_makes_nobody_wait_and_nobody_ask_twice(kept, engine):
    """What cannot be written is kept by this process, a few of them, until it is written after all."""
    keep(kept)
    held, done = threading.Event(), threading.Event()

    def hold():
        with writing(engine) as session:
            session.execute(select(KeptAnswer).with_for_update()).all()
            session.execute(insert_or(session, KeptAnswer).values(**ROW))
            held.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    began = time.monotonic()
    try:
        keep(kept, body=b"[]", patience_s=0.2)
        assert time.monotonic() - began < 1
        assert kept.find(b"key").body == b"[]"
        assert kept.find(b"other") is None
    finally:
        done.set()
        thread.join()
    assert KeptAnswers(engine).find(b"key").body == b'{"a": 1}'
    keep(kept, body=b"[1]")
    assert KeptAnswers(engine).find(b"key").body == kept.find(b"key").body == b"[1]"


def test_what_cannot_be_written_does_not_pile_up(kept, engine, monkeypatch):
    """The last ones are enough: they are for who asks the same now."""
    monkeypatch.setattr(module, "UNWRITTEN", 2)
    Base.metadata.drop_all(engine)
    for number in range(4):
        keep(kept, key=bytes([number]))
    assert [kept.find(bytes([number])) is not None for number in range(4)] == [False, False, True, True]


def test_without_a_table_and_with_a_damaged_body_nothing_is_found(kept, engine):
    """A help that fails is no failure."""
    keep(kept)
    with writing(engine) as session:
        session.get(KeptAnswer, b"key").body = b"no such thing"
    assert kept.find(b"key") is None
    Base.metadata.drop_all(engine)
    assert kept.find(b"key") is None
