"""Writers of one process go in line."""

import threading
import time

import pytest

from moviefinder.errors import Busy
from moviefinder.store.turns import Turns


def test_turns_are_given_in_the_order_in_which_they_were_asked_for():
    """However often somebody else asks again."""
    turns, order, threads = Turns(), [], []

    def go(number):
        with turns.turn(5):
            order.append(number)

    with turns.turn(5):
        for number in range(20):
            threads.append(threading.Thread(target=go, args=(number,)))
            threads[-1].start()
            while len(turns._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_who_waited_long_enough_is_told_so_and_holds_up_nobody():
    """Its place in the line is given up, and the turn goes on to the next."""
    turns = Turns()
    with turns.turn(1), pytest.raises(Busy, match="Nothing was changed"), turns.turn(0.05):
        raise AssertionError
    with turns.turn(0.05):
        pass


def test_a_turn_ends_however_its_block_ends():
    """The next one comes after an error as well."""
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.turn(1):
        raise ZeroDivisionError
    with turns.turn(0.05):
        pass


def test_many_hold_it_one_at_a_time():
    """No two are in at once, and all come to their turn."""
    turns, inside, most, done = Turns(), [0], [0], []

    def go():
        for _ in range(50):
            with turns.turn(10):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0)
                inside[0] -= 1
        done.append(True)

    threads = [threading.Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most[0], len(done)) == (1, 8)
