"""What a guest has said comes along to the account, once and whole, and can be taken out again for a day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session as DatabaseSession

from moviefinder.errors import Conflict, NotFound, SessionEnded
from moviefinder.records import Answers, Say, Verdict
from moviefinder.services import answers, library, track
from moviefinder.services.accounts import merging, sessions
from moviefinder.services.facts import joining
from moviefinder.store.models import AnsweredReason, Change, Film, Identity, Shown, User, UserFilm
from tests.conftest import NOW
from tests.people import EMAIL, PASSWORD, Browser, token_of

LATER = NOW + timedelta(hours=1)
AFTER_A_DAY = LATER + timedelta(days=1, seconds=1)


@pytest.fixture
def session(app):
    """A transaction that is rolled back."""
    with DatabaseSession(app.engine, expire_on_commit=False) as session:
        yield session


def make_guest(session):
    """A guest's number."""
    return sessions.make_user(session, now=NOW).id


def make_account(session):
    """An account's number."""
    user_id = make_guest(session)
    session.add(
        Identity(
            user_id=user_id,
            provider="password",
            issuer="password",
            subject=f"{user_id}@example.org",
            secret=None,
            email=f"{user_id}@example.org",
            failed_count=0,
            created_at=NOW,
            last_used_at=None,
        )
    )
    session.flush()
    return user_id


def at(minutes):
    """A moment after NOW."""
    return NOW + timedelta(minutes=minutes)


def says(session, user_id, film_id, minutes, **said):
    """Say something at a minute."""
    return library.say(session, user_id, film_id, said, now=at(minutes))


def answers_of(session, user_id):
    """All that somebody says now, by film; what says nothing is nothing."""
    page = library.entries(session, user_id, today=date(2020, 1, 1), limit=100)
    return {entry.film_id: entry.answers for entry in page.entries}


def said_of(session, user_id):
    """All that somebody says now, with the times."""
    rows = session.scalars(select(UserFilm).where(UserFilm.user_id == user_id))
    answered = answers_of(session, user_id)
    return {row.film_id: (answered.get(row.film_id), dict(row.said)) for row in rows}


def says_anything(session, user_id, film_id, said):
    """Whether somebody says now what they would take back."""
    answered = answers_of(session, user_id).get(film_id, Answers())
    return any(getattr(answered, name) != getattr(Answers(), name) for name in said)


# The law

FILMS = st.integers(1, 3)
TOLD = st.one_of(
    st.fixed_dictionaries({"verdict": st.sampled_from(Verdict)}),
    st.fixed_dictionaries({"seen": st.just(True)}),
    st.fixed_dictionaries({"seen_on": st.just(date(2026, 1, 2))}),
    st.fixed_dictionaries({"saved": st.just(True)}),
    st.fixed_dictionaries({"snoozed_until": st.just(date(2027, 1, 2))}),
    st.fixed_dictionaries({"taste": st.just(False)}),
    st.fixed_dictionaries({"rating": st.integers(1, 10)}),
)
TAKEN_BACK = st.sampled_from(["verdict", "seen", "saved", "rating"]).map(lambda name: {name: None})
GUEST_SAYS = st.tuples(st.just("guest"), FILMS, TOLD)
ACCOUNT_SAYS = st.tuples(st.just("account"), FILMS, st.one_of(TOLD, TAKEN_BACK))
EXAMPLES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@EXAMPLES
@given(story=st.lists(st.one_of(GUEST_SAYS, ACCOUNT_SAYS), max_size=14))
def test_a_merge_is_as_if_one_person_had_said_it_all(session, story):
    """Per answer the later one stands, whoever gave it, and a verdict ends what it ends."""
    people = {"guest": make_guest(session), "account": make_account(session)}
    one = make_account(session)
    for minute, (who, film_id, said) in enumerate(story):
        if None in said.values() and not says_anything(session, people[who], film_id, said):
            continue  # whoever said nothing takes nothing back
        says(session, people[who], film_id, minute, **said)
        says(session, one, film_id, minute, **said)
    merging.bring_along(session, people["guest"], people["account"], now=LATER)
    assert answers_of(session, people["account"]) == answers_of(session, one)
    session.rollback()


@EXAMPLES
@given(
    story=st.lists(st.one_of(GUEST_SAYS, ACCOUNT_SAYS), max_size=14),
    after=st.lists(ACCOUNT_SAYS, max_size=4),
)
def test_undoing_a_merge_leaves_what_the_account_said_itself(session, story, after):
    """As if the guest had never been, also where the account went on speaking after the merge; twice is once."""
    people = {"guest": make_guest(session), "account": make_account(session)}
    alone = make_account(session)
    for minute, (who, film_id, said) in enumerate(story):
        says(session, people[who], film_id, minute, **said)
        if who == "account":
            says(session, alone, film_id, minute, **said)
    merging.bring_along(session, people["guest"], people["account"], now=LATER)
    for minute, (_, film_id, said) in enumerate(after, 70):
        says(session, people["account"], film_id, minute, **said)
        says(session, alone, film_id, minute, **said)
    merging.undo(session, people["account"], people["guest"], now=at(90))
    assert answers_of(session, people["account"]) == answers_of(session, alone)
    stands = said_of(session, people["account"])
    assert merging.undo(session, people["account"], people["guest"], now=at(91)).films == 0
    assert said_of(session, people["account"]) == stands
    session.rollback()


@EXAMPLES
@given(
    story=st.lists(
        st.tuples(st.sampled_from(["first", "second", "account"]), FILMS, TOLD), min_size=1, max_size=12
    ),
    order=st.permutations(["first", "second"]),
)
def test_two_guests_are_taken_out_in_any_order(session, story, order):
    """Nothing of either is brought back by undoing the other."""
    people = {name: make_guest(session) for name in ("first", "second")} | {"account": make_account(session)}
    for minute, (who, film_id, said) in enumerate(story):
        says(session, people[who], film_id, minute, **said)
    before = answers_of(session, people["account"])
    for name in ("first", "second"):
        merging.bring_along(session, people[name], people["account"], now=LATER)
    for name in order:
        merging.undo(session, people["account"], people[name], now=at(90))
    assert answers_of(session, people["account"]) == before
    session.rollback()


# By example


def test_what_the_guest_took_back_takes_nothing_away(session):
    """An older like of the account stays, though the guest tapped the film and took that back later."""
    guest, account = make_guest(session), make_account(session)
    says(session, account, 1, 0, verdict=Verdict.LIKED)
    says(session, guest, 1, 1, verdict=Verdict.DISLIKED)
    says(session, guest, 1, 2, verdict=None)
    assert merging.bring_along(session, guest, account, now=LATER).films == 0
    assert answers_of(session, account)[1].verdict == Verdict.LIKED


def test_each_film_is_one_change_that_says_where_it_came_from(session):
    """With what it overtook; what was overtaken itself is told, and there is nothing of it to undo."""
    guest, account = make_guest(session), make_account(session)
    says(session, guest, 1, 1, verdict=Verdict.LIKED)
    says(session, guest, 2, 2, verdict=Verdict.LIKED)
    says(session, account, 2, 3, verdict=Verdict.DISLIKED)
    assert merging.bring_along(session, guest, account, now=LATER).films == 1
    history = library.changes(session, account, before_id=None, limit=10)
    assert [(row.film_id, row.via, row.undone) for row in history[:2]] == [
        (2, "merge", True),
        (1, "merge", False),
    ]
    assert history[0].overtaken == ["verdict"]
    assert history[1].said_at == at(1)


def test_a_change_that_was_brought_along_is_undone_alone_as_any_other(session):
    """By its number in the history; undoing the merge then leaves the film as it is."""
    guest, account = make_guest(session), make_account(session)
    says(session, guest, 1, 1, verdict=Verdict.LIKED)
    says(session, guest, 2, 2, verdict=Verdict.LIKED)
    merging.bring_along(session, guest, account, now=LATER)
    newest = library.changes(session, account, before_id=None, limit=1)[0]
    library.undo(session, account, newest.id, now=at(61))
    assert set(answers_of(session, account)) == {1}
    assert merging.undo(session, account, guest, now=at(62)).films == 1
    assert answers_of(session, account) == {}


def test_reasons_and_showings_come_along_and_go_again(session):
    """Of two answers to one reason the later; of two showings the first, and the last time of both."""
    guest, account = make_guest(session), make_account(session)
    for person, minute in ((account, 0), (guest, 5)):
        says(session, person, 1, minute, verdict=Verdict.LIKED)
        answers.answer(session, person, 2, 1, Say.NOT if person == guest else Say.MORE, now=at(minute))
        track.note_shown(session, person, {3: minute + 1}, model="m", confidence={}, now=at(minute))
    answers.answer(session, guest, 4, 1, Say.MORE, now=at(6))
    track.note_shown(session, guest, {5: 1}, model="m", confidence={}, now=at(6))
    before = _rest(session, account)
    merging.bring_along(session, guest, account, now=LATER)
    assert _rest(session, account) == (
        {(2, 1): ("not", at(5)), (4, 1): ("more", at(6))},
        {3: (at(0), at(5), 1), 5: (at(6), at(6), 1)},
    )
    merging.undo(session, account, guest, now=at(90))
    assert _rest(session, account) == before


def _rest(session, user_id):
    """Answered reasons and showings."""
    session.expire_all()
    reasons = session.scalars(select(AnsweredReason).where(AnsweredReason.user_id == user_id))
    shown = session.scalars(select(Shown).where(Shown.user_id == user_id))
    return (
        {(row.film_id, row.because_id): (row.say, row.said_at) for row in reasons},
        {row.film_id: (row.first_at, row.last_at, row.rank) for row in shown},
    )


def test_films_that_become_one_after_a_merge_are_still_taken_out(app):
    """What the account itself said of either comes back, the later of both."""
    with app.transaction() as session:
        guest, account = make_guest(session), make_account(session)
        live = Film(
            kind="movie", title="New", sources={}, created_at=NOW, fetched_at=None, changed=0, adult=False
        )
        session.add(live)
        session.flush()
        says(session, account, 1, 0, verdict=Verdict.FINE)
        says(session, guest, 1, 1, verdict=Verdict.LIKED)
        says(session, guest, live.id, 2, verdict=Verdict.DISLIKED)
        merging.bring_along(session, guest, account, now=LATER)
        session.flush()
        assert joining.join(session, 1, live.id) == 1
        session.expire_all()
        assert answers_of(session, account)[1].verdict == Verdict.DISLIKED
        merging.undo(session, account, guest, now=at(90))
        assert answers_of(session, account)[1] == Answers(verdict=Verdict.FINE)


def test_a_guest_comes_along_once_and_only_to_one(session):
    """Again, or to somebody else, brings nothing; nor does an account."""
    guest, account, other = make_guest(session), make_account(session), make_account(session)
    says(session, guest, 1, 1, verdict=Verdict.LIKED)
    assert merging.bring_along(session, guest, account, now=LATER).films == 1
    assert merging.bring_along(session, guest, account, now=LATER).films == 0
    assert merging.bring_along(session, guest, other, now=LATER).films == 0
    assert merging.bring_along(session, account, other, now=LATER).films == 0
    assert answers_of(session, other) == {}


def test_undoing_ends_after_a_day_and_with_the_guest(session):
    """And is for the account alone to which the guest was brought."""
    guest, account, other = make_guest(session), make_account(session), make_account(session)
    says(session, guest, 1, 1, verdict=Verdict.LIKED)
    merging.bring_along(session, guest, account, now=LATER)
    assert [merge.films for merge in merging.merges(session, account, now=LATER)] == [1]
    with pytest.raises(NotFound):
        merging.undo(session, other, guest, now=LATER)
    with pytest.raises(Conflict):
        merging.undo(session, account, guest, now=AFTER_A_DAY)
    assert merging.merges(session, account, now=AFTER_A_DAY) == []
    session.flush()
    assert sessions.forget_ended(session, now=AFTER_A_DAY) == 1
    with pytest.raises(NotFound):
        merging.undo(session, account, guest, now=LATER)
    assert answers_of(session, account)[1].verdict == Verdict.LIKED


def test_a_guest_goes_with_the_account_that_they_were_brought_to(session):
    """Whoever is erased leaves no copy of what they said."""
    guest, account = make_guest(session), make_account(session)
    says(session, guest, 1, 1, verdict=Verdict.LIKED)
    merging.bring_along(session, guest, account, now=LATER)
    session.execute(delete(User).where(User.id == account))
    for table in (User, UserFilm, Change):
        assert session.scalar(select(func.count()).select_from(table)) == 0


def test_nobody_writes_for_a_guest_who_was_brought_along(session):
    """A write that had found the guest's session before is refused, not lost."""
    guest, account = make_guest(session), make_account(session)
    merging.bring_along(session, guest, account, now=LATER)
    with pytest.raises(SessionEnded):
        says(session, guest, 1, 61, verdict=Verdict.LIKED)


# Over HTTP


@pytest.fixture
def anna(app):
    """Somebody with an account, who likes film 1 and signed out."""
    browser = Browser(app).with_account()
    browser.say(1, verdict="liked")
    return browser


def test_signing_in_brings_the_guest_along_and_the_account_page_undoes_it(app, anna):
    """The guest's token opens nothing from then on."""
    guest = Browser(app)
    guest.say(2, verdict="liked")
    guest.say(1, verdict="disliked")
    number, cookie = guest.who()["id"], guest.cookie
    guest.post("/session", email=EMAIL, password=PASSWORD)
    assert guest.liked() == [2]
    assert Browser(app, cookie=cookie).get("/session").status_code == 401
    (merge,) = guest.get("/account").json["merges"]
    assert (merge["guest"], merge["films"]) == (number, 2)
    assert [row["via"] for row in guest.get("/library/changes").json["items"]][:2] == ["merge", "merge"]
    assert guest.post(f"/account/merges/{number}/undo").json == {"films": 2}
    assert guest.post(f"/account/merges/{number}/undo").json == {"films": 0}
    assert guest.liked() == [1]
    assert guest.get("/account").json["merges"] == []


def test_somebody_elses_merge_is_not_there(app, anna):
    """404, as for a number that nobody has."""
    guest = Browser(app)
    guest.say(2, verdict="liked")
    number = guest.who()["id"]
    guest.post("/session", email=EMAIL, password=PASSWORD)
    other = Browser(app).with_account("other@example.org")
    assert other.post(f"/account/merges/{number}/undo").status_code == 404
    assert other.post("/account/merges/999999/undo").status_code == 404
    assert guest.liked() == [1, 2]


def test_one_guest_who_signs_in_to_two_accounts_at_once_comes_along_to_one(app, anna):
    """Every like is in exactly one account afterwards."""
    Browser(app).with_account("other@example.org")
    for round_ in range(3):
        guest = Browser(app)
        guest.say(10 + round_, verdict="liked")
        twins = [Browser(app, cookie=guest.cookie) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            done = list(
                pool.map(
                    lambda pair: pair[0].post("/session", email=pair[1], password=PASSWORD),
                    zip(twins, (EMAIL, "other@example.org"), strict=True),
                )
            )
        assert [answer.status_code for answer in done] == [200, 200]
        assert sorted(twin.liked().count(10 + round_) for twin in twins) == [0, 1]


def test_what_is_acknowledged_beside_a_merge_is_in_the_account(app, anna):
    """A guest goes on tapping while they sign in: each like that got its answer is there afterwards, and no other."""
    for round_ in range(4):
        guest = Browser(app)
        guest.say(20 + round_, verdict="fine")
        tapping = Browser(app, cookie=guest.cookie)

        def tap(number, tapping=tapping):
            body = {"verdict": "liked"}
            answer = tapping.client.patch(
                f"/api/v1/library/imdb:tt{number:07d}", json=body, headers={"X-Requested-With": "moviefinder"}
            )
            return answer.status_code

        with ThreadPoolExecutor(2) as pool:
            signing_in = pool.submit(guest.post, "/session", email=EMAIL, password=PASSWORD)
            taps = {number: tap(number) for number in range(2 + round_ * 4, 6 + round_ * 4)}
            assert signing_in.result().status_code == 200
        assert set(taps.values()) <= {200, 401}
        acknowledged = {number for number, status in taps.items() if status == 200}
        assert set(guest.liked()) & set(taps) == acknowledged


def test_a_sign_up_that_waits_outlives_its_guest(app, anna):
    """Who signs in elsewhere before confirming gets the new account all the same, without the guest's films."""
    guest = Browser(app)
    guest.say(2, verdict="liked")
    guest.post("/account", email="new@example.org", password=PASSWORD)
    guest.post("/session", email=EMAIL, password=PASSWORD)
    answer = guest.post("/account/links/use", token=token_of(app, "confirm"))
    assert answer.status_code == 200
    assert guest.liked() == []
    assert guest.get("/account").json["email"] == "new@example.org"


def test_a_phone_that_was_a_guest_brings_its_films_to_the_account_that_it_confirms(app):
    """The guest who asked becomes the account, and the guest who opened the link is brought along."""
    laptop, phone = Browser(app), Browser(app)
    laptop.say(1, verdict="liked")
    laptop.post("/account", email=EMAIL, password=PASSWORD)
    phone.say(2, verdict="liked")
    phone.post("/account/links/use", token=token_of(app, "confirm"), password=PASSWORD)
    assert phone.liked() == [1, 2]
    assert laptop.get("/session").status_code == 401


def test_a_day_later_the_guest_is_forgotten_and_the_account_keeps_its_films(app, anna):
    """The cleaning takes the guest's rows; nothing of the account hangs on them."""
    guest = Browser(app)
    guest.say(2, verdict="liked")
    guest.post("/session", email=EMAIL, password=PASSWORD)
    now = datetime.now(UTC)
    with app.transaction() as session:
        session.execute(
            update(User).where(User.merged_into.is_not(None)).values(merged_at=now - timedelta(days=1))
        )
        assert sessions.forget_ended(session, now=now) == 1
    assert guest.liked() == [1, 2]
    assert guest.get("/account").json["merges"] == []
