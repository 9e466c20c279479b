import json
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from moviefinder.errors import NotYet
from moviefinder.store import make_engine, reading, writing
from moviefinder.store.hosts import FAILURES, LONGEST, TRIAL, HostLedger
from moviefinder.store.models import Base, Host

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR_S = LONGEST.total_seconds()


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = START

    def __call__(self):
        """The time."""
        return self.now

    def move(self, seconds):
        """Let so many seconds pass."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def engine(settings):
    """A database with our tables, on each kind in turn."""
    settings.data.mkdir()
    engine = make_engine(settings.database_url)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def clock():
    """It stands at noon."""
    return Clock()


@pytest.fixture
def ledger(engine, clock):
    """The ledger of one process."""
    return HostLedger(engine, clock=clock)


def row(engine, host="one.example"):
    """What stands in the table."""
    with reading(engine) as session:
        return session.get(Host, host)


def wait(ledger, *, patience=0.0, every=0.0):
    """Seconds to the next turn; None when it is too far away."""
    try:
        return round(ledger.admit("one.example", every, patience), 3)
    except NotYet:
        return None


def fail(ledger, times=FAILURES):
    """Fail so often."""
    for _ in range(times):
        ledger.failed("one.example", "one.example does not answer in time.")


def test_turns_follow_each_other_at_the_hosts_pace(ledger, clock, engine):
    """The first is at once, those after it wait, and nobody takes a turn that is too far away."""
    assert [wait(ledger, every=2, patience=5) for _ in range(4)] == [0, 2, 4, None]
    clock.move(1)
    assert wait(ledger, every=2, patience=5) == 5
    assert row(engine).calls == 4
    clock.move(60)
    assert wait(ledger, every=2) == 0
    assert row(engine).last_called_at == clock.now


def test_hosts_have_turns_of_their_own(ledger):
    """One that is slow keeps nobody from another."""
    assert ledger.admit("one.example", 60, 0) == 0
    assert ledger.admit("two.example", 60, 0) == 0


def test_a_clock_that_was_set_back_keeps_nobody_waiting_for_days(ledger, clock):
    """What is due beyond an hour was written by a clock that was wrong."""
    clock.move(10 * 24 * 3600)
    wait(ledger, every=60)
    clock.move(-10 * 24 * 3600)
    with pytest.raises(NotYet) as error:
        ledger.admit("one.example", 60, 5)
    assert error.value.retry_after_s == HOUR_S


def test_five_failures_in_a_row_open_a_break(ledger, clock, engine):
    """Four do not, an answer between them starts the count again, and the page can tell why."""
    fail(ledger, 4)
    assert wait(ledger) == 0
    ledger.answered("one.example")
    fail(ledger, 4)
    assert wait(ledger) == 0
    fail(ledger, 1)
    assert wait(ledger) is None
    assert row(engine).blocked_until == clock.now + timedelta(seconds=30)
    with pytest.raises(NotYet, match=r"left alone for 30 s: one.example does not answer in time"):
        ledger.admit("one.example", 0, 5)


def test_after_a_break_one_tries_while_the_others_wait(ledger, clock):
    """An answer ends the break for all."""
    fail(ledger)
    clock.move(31)
    assert wait(ledger, patience=5) == 0
    assert wait(ledger, patience=5) is None
    ledger.answered("one.example")
    assert [wait(ledger) for _ in range(3)] == [0, 0, 0]


def test_who_waits_for_the_end_of_a_break_is_the_one_that_tries(ledger, clock):
    """A patient caller takes the trial in advance."""
    fail(ledger)
    clock.move(27)
    assert wait(ledger, patience=5) == 3
    assert wait(ledger, patience=5) is None


def test_breaks_grow_from_half_a_minute_to_an_hour(ledger, clock, engine):
    """Each trial that fails doubles the break."""
    breaks = []
    fail(ledger)
    for _ in range(9):
        breaks.append((row(engine).blocked_until - clock.now).total_seconds())
        clock.now = row(engine).blocked_until
        assert wait(ledger) == 0
        fail(ledger, 1)
    assert breaks == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_a_trial_whose_process_died_is_not_the_last(ledger, clock):
    """After a while another may try."""
    fail(ledger)
    clock.move(30)
    assert wait(ledger) == 0
    clock.move(TRIAL.total_seconds())
    assert wait(ledger) == 0


def test_what_was_sent_before_a_break_does_not_change_it(ledger, clock, engine):
    """Calls that were on their way fail for the same reason; one that got through says nothing of later ones."""
    fail(ledger, FAILURES + 3)
    clock.move(5)
    ledger.answered("one.example")
    assert row(engine).blocked_until == START + timedelta(seconds=30)
    assert row(engine).last_answered_at == clock.now


def test_a_host_that_says_when_to_come_back_is_obeyed(ledger, clock):
    """By every process, and although another call was answered meanwhile."""
    ledger.failed("one.example", "one.example cannot answer now (status 429).", 7)
    ledger.answered("one.example")
    assert wait(ledger, patience=5) is None
    assert wait(ledger, patience=8) == 7
    clock.move(8)
    assert wait(ledger) == 0


def test_nobody_is_obeyed_for_more_than_an_hour(ledger, engine, clock):
    """Nor is one that says so while it is down."""
    ledger.failed("one.example", "busy", 1e9)
    assert row(engine).blocked_until == clock.now + LONGEST
    for _ in range(40):
        ledger.failed("one.example", "busy", 1e9)
    assert row(engine).blocked_until == clock.now + LONGEST


def test_a_refusal_counts_for_an_hour(ledger, clock, engine):
    """Then one caller tries again, and a second refusal counts for another."""
    ledger.refused("one.example", "one.example refuses us (status 401).")
    assert wait(ledger, patience=5) is None
    assert row(engine).last_error == "refused: one.example refuses us (status 401)."
    clock.move(HOUR_S)
    assert wait(ledger) == 0
    assert wait(ledger, patience=5) is None
    ledger.refused("one.example", "one.example refuses us (status 401).")
    clock.move(HOUR_S - 1)
    assert wait(ledger) is None


def test_a_refusal_ends_with_the_next_start_or_a_test(ledger, clock, engine):
    """It may be another key by then; a break that is no refusal outlives a start."""
    ledger.refused("one.example", "one.example refuses us (status 401).")
    clock.move(60)
    later = HostLedger(engine, clock=clock)
    assert wait(later) == 0
    assert wait(later, patience=5) is None  # its own trial is on its way
    ledger.unblock("one.example")
    assert wait(ledger) == 0
    fail(ledger)
    clock.move(1)
    assert wait(HostLedger(engine, clock=clock)) is None


def test_an_answer_is_written_down_once_a_second(ledger, clock, engine):
    """A host that is well costs one commit for each call, not two; one that was not is well at once."""
    wait(ledger)
    ledger.answered("one.example")
    first = row(engine).last_answered_at
    clock.move(0.5)
    wait(ledger)
    ledger.answered("one.example")
    assert row(engine).last_answered_at == first
    fail(ledger, 1)
    wait(ledger)
    ledger.answered("one.example")
    assert (row(engine).last_answered_at, row(engine).failures) == (clock.now, 0)


def test_another_processs_failures_end_with_our_answer(ledger, clock, engine):
    """That we wrote an answer down a moment ago keeps nothing back."""
    wait(ledger)
    ledger.answered("one.example")
    fail(HostLedger(engine, clock=clock), 3)
    wait(ledger)
    ledger.answered("one.example")
    assert row(engine).failures == 0


def test_long_reasons_are_cut(ledger, engine):
    """They stand in a table that people read."""
    ledger.failed("one.example", "a" * 1000)
    assert len(row(engine).last_error) == 200


class Holding:
    """Somebody who holds the row, on SQLite the database, inside the block, or so long."""

    def __init__(self, engine, seconds=30):
        self._engine, self._seconds = engine, seconds
        self._held, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold)

    def _hold(self):
        with writing(self._engine) as session:
            session.get(Host, "one.example", with_for_update=True)
            self._held.set()
            self._over.wait(self._seconds)

    def __enter__(self):
        self._thread.start()
        self._held.wait()

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()


def test_a_database_that_is_busy_for_a_moment_fails_nobody(ledger, engine):
    """A turn is waited for, within the caller's patience."""
    wait(ledger)
    with Holding(engine, 0.5):
        assert wait(ledger, patience=3) == 0


@pytest.mark.alone
def test_a_database_that_stays_busy_keeps_us_from_asking(ledger, engine):
    """What comes back could not be stored; the caller is told soon, and told to come back."""
    wait(ledger)
    with Holding(engine):
        began = time.monotonic()
        with pytest.raises(NotYet, match="database is busy") as error:
            ledger.admit("one.example", 0, 0.3)
        assert time.monotonic() - began < 1.5
        assert error.value.retry_after_s == 1


@pytest.mark.alone
def test_what_a_busy_database_could_not_take_goes_with_the_next_turn(ledger, engine):
    """A host that asked for a pause gets it from this process at least."""
    wait(ledger)
    with Holding(engine):
        began = time.monotonic()
        ledger.failed("one.example", "one.example cannot answer now (status 429).", 60)
        assert time.monotonic() - began < 0.9
    assert row(engine).blocked_until is None
    assert wait(ledger, patience=5) is None
    assert row(engine).failures == 1
    assert wait(ledger, patience=5) is None
    assert row(engine).failures == 1


WORKER = """
import json, sys, time
from datetime import UTC, datetime
from moviefinder.errors import NotYet
from moviefinder.store import make_engine
from moviefinder.store.hosts import HostLedger
ledger, turns = HostLedger(make_engine(sys.argv[1])), []
print("ready", flush=True)
sys.stdin.readline()
while len(turns) < int(sys.argv[2]):
    try:
        wait_s = ledger.admit("one.example", float(sys.argv[3]), 0.5)
    except NotYet as error:
        time.sleep(min(error.retry_after_s, 0.2))
        continue
    turns.append(datetime.now(UTC).timestamp() + wait_s)
    time.sleep(wait_s)
    ledger.answered("one.example")
print(json.dumps(turns))
"""


def test_many_processes_keep_one_pace(engine, settings):
    """Three processes that ask as fast as they can ask no faster than one may."""
    every_s, each = 0.05, 20
    command = [sys.executable, "-c", WORKER, settings.database_url, str(each), str(every_s)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        turns = sorted(
            turn for process in processes for turn in json.loads(process.communicate(timeout=60)[0])
        )
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert len(turns) == 3 * each == row(engine).calls
    # Each with a pace of its own would be done in a third of the time; a busy machine tells a turn late.
    assert turns[-1] - turns[0] >= (3 * each - 1) * every_s * 0.8
