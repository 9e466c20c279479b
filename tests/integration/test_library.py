"""What a person says of films: kept when answered, merged by time, undone one by one."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moviefinder.errors import ChangeNotFound, Conflict, EntryNotFound, Stale
from moviefinder.records import Answers, Verdict
from moviefinder.services import library
from moviefinder.services.accounts import sessions
from moviefinder.services.films import film_id_of
from tests.conftest import NOW


@pytest.fixture
def session(app):
    """A transaction that is rolled back."""
    from sqlalchemy.orm import Session

    with Session(app.engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def user(session):
    """A person."""
    asker, _ = sessions.make_guest(session, address="", user_agent="", per_hour=None, now=NOW)
    return asker.user_id


@pytest.fixture
def film(session):
    """A film to speak of."""
    return film_id_of(session, "imdb:tt0000001")


def later(minutes=1):
    """A moment after NOW."""
    return NOW + timedelta(minutes=minutes)


def test_what_is_said_is_read_back(session, user, film):
    """Every answer comes back as it was given."""
    said = {"verdict": Verdict.FINE, "seen_on": date(2026, 1, 2), "rating": 6, "taste": False}
    library.say(session, user, film, said, now=NOW)
    answers = library.entry_of(session, user, film).answers
    assert answers == Answers(
        verdict=Verdict.FINE, seen=True, seen_on=date(2026, 1, 2), rating=6, taste=False
    )


def test_saying_the_same_again_changes_nothing(session, user, film):
    """One effect however often: no second change, the same version."""
    first = library.say(session, user, film, {"verdict": Verdict.LIKED}, now=NOW)
    for minutes in range(1, 6):
        again = library.say(session, user, film, {"verdict": Verdict.LIKED}, now=later(minutes))
        assert again.change_id is None
        assert again.entry.version == first.entry.version
    assert len(library.changes(session, user, before_id=None, limit=10)) == 1


def test_a_verdict_ends_saved_and_snoozed(session, user, film):
    """What was kept for later has done its duty once there is a verdict."""
    library.say(session, user, film, {"saved": True, "snoozed_until": date(2026, 12, 24)}, now=NOW)
    library.say(session, user, film, {"verdict": Verdict.DISLIKED}, now=later())
    answers = library.entry_of(session, user, film).answers
    assert (answers.saved, answers.snoozed_until) == (False, None)


def test_null_takes_one_answer_back_and_leaves_the_others(session, user, film):
    """The verdict goes, the rating stays."""
    library.say(session, user, film, {"verdict": Verdict.LIKED, "rating": 9}, now=NOW)
    library.say(session, user, film, {"verdict": None}, now=later())
    assert library.entry_of(session, user, film).answers == Answers(rating=9)


def test_an_entry_that_says_nothing_is_none(session, user, film):
    """The last answer taken back leaves no entry."""
    library.say(session, user, film, {"saved": True}, now=NOW)
    assert library.say(session, user, film, {"saved": None}, now=later()).entry is None
    with pytest.raises(EntryNotFound):
        library.entry_of(session, user, film)


def test_an_older_answer_does_not_overtake_a_newer_one(session, user, film):
    """A write that waited offline loses to what was said since, answer by answer, and says so."""
    library.say(session, user, film, {"verdict": Verdict.LIKED}, now=later(10))
    said = library.say(
        session,
        user,
        film,
        {"verdict": Verdict.DISLIKED, "rating": 3},
        now=later(20),
        said_at=later(5),
    )
    assert said.overtaken == ("verdict",)
    answers = library.entry_of(session, user, film).answers
    assert (answers.verdict, answers.rating) == (Verdict.LIKED, 3)
    assert library.changes(session, user, before_id=None, limit=1)[0].overtaken == ["verdict"]


def test_a_forgotten_film_is_not_brought_back_by_an_older_write(session, user, film):
    """Forgetting is an answer too, with its time."""
    library.say(session, user, film, {"verdict": Verdict.LIKED}, now=NOW)
    library.forget(session, user, film, now=later(10))
    late = library.say(session, user, film, {"verdict": Verdict.LIKED}, now=later(20), said_at=later(5))
    assert late.entry is None


def test_said_at_is_never_ahead_of_our_clock(session, user, film):
    """A clock that runs ahead cannot make an answer that nobody can change."""
    library.say(session, user, film, {"verdict": Verdict.LIKED}, now=NOW, said_at=NOW + timedelta(days=900))
    library.say(session, user, film, {"verdict": Verdict.FINE}, now=later())
    assert library.entry_of(session, user, film).answers.verdict is Verdict.FINE


def test_a_stale_write_changes_nothing(session, user, film):
    """Who names a version that is gone is refused."""
    first = library.say(session, user, film, {"verdict": Verdict.LIKED}, now=NOW)
    library.say(session, user, film, {"rating": 8}, now=later(), expected_version=first.entry.version)
    with pytest.raises(Stale):
        library.say(session, user, film, {"rating": 2}, now=later(2), expected_version=first.entry.version)
    assert library.entry_of(session, user, film).answers.rating == 8


def test_versions_never_come_twice(session, user, film):
    """A version means one state, also after everything was forgotten in between."""
    seen = set()
    for minutes, verdict in enumerate([Verdict.LIKED, None, Verdict.LIKED, None, Verdict.LIKED]):
        said = library.say(session, user, film, {"verdict": verdict}, now=later(minutes))
        if said.entry:
            assert said.entry.version not in seen
            seen.add(said.entry.version)


def test_a_late_write_that_comes_again_leaves_one_trace(session, user, film):
    """Nothing of it stood the first time, and nothing changes the next."""
    standing = library.say(session, user, film, {"verdict": Verdict.LIKED}, now=later(10))
    for _ in range(3):
        late = library.say(
            session, user, film, {"verdict": Verdict.DISLIKED}, now=later(20), said_at=later(5)
        )
        assert late.overtaken == ("verdict",)
        assert late.entry.version == standing.entry.version
    assert len(library.changes(session, user, before_id=None, limit=10)) == 2


def test_what_is_said_now_stands_whatever_the_clock_says(session, user, film):
    """A clock that was set back, or another machine's, does not make the last word the first."""
    library.say(session, user, film, {"verdict": Verdict.LIKED}, now=later(10))
    said = library.say(session, user, film, {"verdict": Verdict.DISLIKED}, now=later(5))
    assert (said.entry.answers.verdict, said.overtaken) == (Verdict.DISLIKED, ())
    assert library.forget(session, user, film, now=later(4)).entry is None


def test_not_seen_takes_the_day_back(session, user, film):
    """A film that was not seen was not seen on a day."""
    library.say(session, user, film, {"seen_on": date(2026, 1, 2)}, now=NOW)
    assert library.say(session, user, film, {"seen": False}, now=later()).entry is None


def test_a_stale_forgetting_is_refused(session, user, film):
    """It would forget what the caller has not seen."""
    library.say(session, user, film, {"verdict": Verdict.LIKED}, now=NOW)
    version = library.say(session, user, film, {"rating": 9}, now=later()).entry.version
    with pytest.raises(Stale):
        library.forget(session, user, film, now=later(2), expected_version=version - 1)
    assert library.forget(session, user, film, now=later(2), expected_version=version).entry is None


def test_undo_keeps_the_time_a_film_was_saved(session, user, film):
    """It was not saved anew."""
    saved_at = library.say(session, user, film, {"saved": True}, now=NOW).entry.saved_at
    change = library.say(session, user, film, {"verdict": Verdict.LIKED}, now=later()).change_id
    assert library.undo(session, user, change, now=later(9)).entry.saved_at == saved_at


def test_undo_puts_back_what_was_before(session, user, film):
    """Also what the change took away by itself."""
    library.say(session, user, film, {"saved": True}, now=NOW)
    change = library.say(session, user, film, {"verdict": Verdict.LIKED}, now=later()).change_id
    assert library.undo(session, user, change, now=later(2)).entry.answers == Answers(saved=True)
    again = library.undo(session, user, change, now=later(3))
    assert again.entry.answers == Answers(saved=True)


def test_undo_of_an_overtaken_change_is_refused(session, user, film):
    """The later change must go first."""
    first = library.say(session, user, film, {"verdict": Verdict.LIKED}, now=NOW).change_id
    second = library.say(session, user, film, {"verdict": Verdict.FINE}, now=later()).change_id
    with pytest.raises(Conflict, match=str(second)):
        library.undo(session, user, first, now=later(2))
    library.undo(session, user, second, now=later(3))
    assert library.undo(session, user, first, now=later(4)).entry is None


def test_nobody_undoes_another_persons_change(session, user, film):
    """It is as if it were not there."""
    change = library.say(session, user, film, {"verdict": Verdict.LIKED}, now=NOW).change_id
    other, _ = sessions.make_guest(session, address="", user_agent="", per_hour=None, now=NOW)
    with pytest.raises(ChangeNotFound):
        library.undo(session, other.user_id, change, now=later())


def test_lists_hold_what_belongs_to_them(session, user):
    """Liked and fine count as seen; a snooze that is over is none."""
    said = {
        1: {"verdict": Verdict.LIKED},
        2: {"verdict": Verdict.FINE},
        3: {"verdict": Verdict.DISLIKED},
        4: {"seen": True},
        5: {"saved": True},
        6: {"snoozed_until": date(2026, 12, 1)},
        7: {"snoozed_until": date(2026, 11, 1)},
    }
    ids = {number: film_id_of(session, f"imdb:tt{number:07d}") for number in said}
    for number, answers in said.items():
        library.say(session, user, ids[number], answers, now=later(number))
    today = NOW.date()
    lists = {
        show: {entry.film_id for entry in library.entries(session, user, today=today, show=show).entries}
        for show in ("liked", "fine", "disliked", "seen", "saved", "snoozed")
    }
    expected = {"liked": {1}, "fine": {2}, "disliked": {3}, "seen": {1, 2, 4}, "saved": {5}, "snoozed": {6}}
    assert lists == {show: {ids[number] for number in numbers} for show, numbers in expected.items()}
    assert library.counts(session, user, today=today) == {show: len(n) for show, n in expected.items()}


@pytest.mark.parametrize("sort", ["recent", "title", "year", "score"])
def test_pages_of_a_list_join_without_gap_or_repeat(session, user, sort):
    """Whatever the order, and also where many share a place in it."""
    ids = [film_id_of(session, f"imdb:tt{number:07d}") for number in range(1, 41)]
    for minutes, film_id in enumerate(ids):
        library.say(session, user, film_id, {"saved": True}, now=later(minutes // 7))
    collected, after = [], None
    while True:
        page = library.entries(session, user, today=NOW.date(), sort=sort, after=after, limit=9)
        assert page.count == 40
        collected += [entry.film_id for entry in page.entries]
        after = page.next
        if after is None:
            break
    assert sorted(collected) == sorted(ids)


def test_the_library_is_searched_by_any_title(session, user):
    """By a part of a title, whatever the case; wildcards mean themselves."""
    for number in (3, 13, 23):
        library.say(session, user, film_id_of(session, f"imdb:tt{number:07d}"), {"seen": True}, now=NOW)
    found = library.entries(session, user, today=NOW.date(), q="FILM 1")
    assert [entry.film_id for entry in found.entries] == [film_id_of(session, "imdb:tt0000013")]
    assert library.entries(session, user, today=NOW.date(), q="%").count == 0
    assert library.entries(session, user, today=NOW.date(), q="f%m").count == 0


ANSWERS = st.one_of(
    st.fixed_dictionaries({"verdict": st.sampled_from([None, *Verdict])}),
    st.fixed_dictionaries({"seen": st.booleans()}),
    st.fixed_dictionaries({"saved": st.booleans()}),
    st.fixed_dictionaries({"rating": st.one_of(st.none(), st.integers(1, 10))}),
    st.fixed_dictionaries({"taste": st.booleans()}),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # a new person each time is all it needs
)
@given(said=st.lists(ANSWERS, min_size=1, max_size=8))
def test_undoing_everything_newest_first_leaves_nothing(session, film, said):
    """Whatever was said, its history leads all the way back."""
    person, _ = sessions.make_guest(session, address="", user_agent="", per_hour=None, now=NOW)
    user = person.user_id
    for minutes, answers in enumerate(said):
        library.say(session, user, film, answers, now=later(minutes))
    for change in library.changes(session, user, before_id=None, limit=100):
        library.undo(session, user, change.id, now=datetime(2027, 1, 1, tzinfo=UTC))
    assert library.counts(session, user, today=NOW.date()) == dict.fromkeys(
        ("liked", "fine", "disliked", "seen", "saved", "snoozed"), 0
    )
    assert library.entries(session, user, today=NOW.date()).count == 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.lists(st.sampled_from(list(Verdict)), min_size=2, max_size=5),
    order=st.randoms(use_true_random=False),
)
def test_late_writes_end_the_same_in_any_order(session, film, said, order):
    """Replayed in any order, the answer that was said last stands."""
    person, _ = sessions.make_guest(session, address="", user_agent="", per_hour=None, now=NOW)
    writes = list(enumerate(said))
    order.shuffle(writes)
    for minutes, verdict in writes:
        library.say(
            session, person.user_id, film, {"verdict": verdict}, now=later(60), said_at=later(minutes)
        )
    assert library.entry_of(session, person.user_id, film).answers.verdict is said[-1]
