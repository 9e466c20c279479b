"""What sources told: kept by source, merged into films, joined when two are one, gone when it must go."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as configure
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moviefinder.errors import FilmNotFound
from moviefinder.records import Credit, FilmRecord, Kind, Ref, Role, Say, Verdict
from moviefinder.services import answers, facts, films, library
from moviefinder.services.accounts import sessions
from moviefinder.store import models
from tests.conftest import NOW, install
from tests.factories import make_catalogue, make_film

HALF_A_YEAR = timedelta(days=180)
RONIN = FilmRecord(
    refs=(Ref("tmdb", "8195"), Ref("imdb", "tt0122690")),
    kind=Kind.MOVIE,
    title="Ronin",
    alternative_titles=("浪人",),
    year=1998,
    runtime_min=122,
    genres=("action", "thriller"),
    languages=("en", "fr"),
    countries=("US",),
    credits=(
        Credit(name="John Frankenheimer", role=Role.DIRECTOR, position=0),
        Credit(name="Robert De Niro", role=Role.ACTOR, position=0),
    ),
    score=6.9,
    votes=3000,
    poster="/ronin.jpg",
    description="Old spies after a case.",
)


def later(days=1):
    """A moment after NOW."""
    return NOW + timedelta(days=days)


@pytest.fixture
def session(app):
    """A transaction that is rolled back."""
    with Session(app.engine, expire_on_commit=False) as session:
        yield session


def row(number, **changed):
    """What a list tells of a film: its reference and name."""
    return FilmRecord(refs=(Ref("tmdb", str(number)),), kind=Kind.MOVIE, title=f"Row {number}", **changed)


def keep(session, record, source="tmdb", *, whole=True, now=NOW, keeps=HALF_A_YEAR, **more):
    """Keep a record; gives the film's number."""
    return facts.keep(session, record, source, whole=whole, now=now, keeps=keeps, **more)


def known(session, film):
    """What is known of a film, by number or reference."""
    return films.film(session, films.film_id_of(session, str(film)))


def number_of_change(session):
    """The number of the last change."""
    return session.scalar(select(models.Version.number).where(models.Version.name == "films")) or 0


def user(session):
    """A person."""
    return sessions.make_guest(session, address="", user_agent="", per_hour=None, now=NOW)[0].user_id


def test_a_film_that_nobody_knew_is_found_by_each_of_its_references(session):
    """With all that was told, and who told it."""
    film_id = keep(session, RONIN)
    for name in (film_id, "tmdb:8195", "imdb:tt0122690"):
        found = known(session, name)
        assert found.id == film_id
        assert replace(found.record, sources={}, credits=(), refs=()) == replace(RONIN, credits=(), refs=())
    assert sorted(found.record.credits, key=repr) == sorted(RONIN.credits, key=repr)
    assert set(found.record.sources.values()) == {"tmdb"}
    assert session.get(models.Film, film_id).fetched_at == NOW


def test_a_film_of_a_list_is_a_stub(session):
    """Known by name only, until somebody tells more."""
    film_id = keep(session, row(8195), whole=False)
    assert session.get(models.Film, film_id).fetched_at is None
    assert known(session, film_id).record.title == "Row 8195"
    assert keep(session, RONIN) == film_id
    session.expire_all()
    assert session.get(models.Film, film_id).fetched_at == NOW
    assert known(session, "imdb:tt0122690").record.title == "Ronin"


def test_telling_it_again_changes_nothing(session):
    """Not even the number of changes, by which processes load anew."""
    film_id = keep(session, RONIN)
    before, number = known(session, film_id), number_of_change(session)
    assert keep(session, RONIN, now=later()) == film_id
    assert (known(session, film_id), number_of_change(session)) == (before, number)
    facts.remerge(session, [film_id])
    assert known(session, film_id) == before


def test_what_a_list_tells_does_not_replace_what_the_source_told_of_the_film(session):
    """Nor does a shorter row take away what a longer one knew."""
    keep(session, RONIN)
    film_id = keep(session, row(8195), whole=False, now=later())
    assert known(session, film_id).record.title == "Ronin"
    keep(session, row(77, year=1999), whole=False)
    film_id = keep(session, row(77), whole=False, now=later())
    assert known(session, film_id).record.year == 1999


def test_what_the_catalogue_knows_stays_and_what_it_does_not_is_filled_in(session):
    """Field by field, each with its source."""
    before = known(session, "imdb:tt0000003").record
    told = make_film(3, title="Wrong", description="A text.", trailer="abcdefghijk", sources={})
    film_id = keep(session, told)
    after = known(session, film_id).record
    assert after == replace(
        before,
        description="A text.",
        trailer="abcdefghijk",
        alternative_titles=("Wrong",),
        sources=after.sources,
    )
    assert after.sources | before.sources == after.sources
    assert (after.sources["description"], after.sources["title"]) == ("tmdb", "movielens")


@configure(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(5)))
def test_the_order_of_arrival_does_not_matter(session, order):
    """Of a catalogue film, and of one that nobody knew."""
    told = [
        ("tmdb", make_film(3, description="By TMDB", sources={})),
        ("wikipedia", make_film(3, description="By Wikipedia", description_url="https://x", sources={})),
        ("wikidata", replace(RONIN, refs=(Ref("imdb", "tt0122690"), Ref("wikidata", "Q1")), title="Rōnin")),
        ("tmdb", RONIN),
        ("imdb", FilmRecord(refs=(Ref("imdb", "tt0122690"),), kind=Kind.MOVIE, title="Ronin", poster="MV")),
    ]

    def state(order):
        nested = session.begin_nested()
        for at in order:
            source, record = told[at]
            keep(session, record, source)
        found = [known(session, ref).record for ref in ("imdb:tt0000003", "imdb:tt0122690", "wikidata:Q1")]
        nested.rollback()
        session.expire_all()
        return found

    assert state(order) == state(range(5))


def test_an_adult_film_is_known_as_one(session):
    """Whoever says so."""
    film_id = keep(session, RONIN)
    keep(session, replace(RONIN, adult=True), "imdb-graphql")
    assert session.scalar(select(models.Film.adult).where(models.Film.id == film_id))


def test_every_change_gets_the_next_number(session):
    """By which processes learn of it; a rolled-back one leaves no gap."""
    first = keep(session, RONIN)
    number = number_of_change(session)
    second = keep(session, row(77), whole=False)
    changed = dict(session.execute(select(models.Film.id, models.Film.changed)).all())
    assert (changed[first], changed[second]) == (number, number + 1)
    assert facts.touch(session, [first]) == number + 2


def test_facts_of_a_film_that_no_rating_knows_ask_for_its_place(session):
    """Those of a film of the catalogue, and rows of lists, do not."""
    film_id = keep(session, RONIN)
    keep(session, make_film(3, sources={}))
    keep(session, row(77), whole=False)
    jobs = session.scalars(select(models.Job).where(models.Job.kind == "place_film")).all()
    assert [(job.key, job.film_id) for job in jobs] == [(str(film_id), film_id)]


# Which film is it


def test_two_films_that_turn_out_to_be_one_are_joined(session):
    """A stub by TMDB's number and one by IMDb's become one when TMDB tells both; both numbers go on working."""
    older = keep(session, row(8195), whole=False)
    newer = facts.stub(session, Ref("imdb", "tt0122690"), now=NOW)
    assert known(session, newer).record.title == "tt0122690"
    film_id = keep(session, RONIN)
    assert film_id == older
    for name in (older, newer, "tmdb:8195", "imdb:tt0122690"):
        assert films.film_id_of(session, str(name)) == older
    assert known(session, newer).record.title == "Ronin"
    assert films.films(session, [newer])[newer].id == older


def test_the_film_of_the_catalogue_stays(session):
    """Whichever is older; it keeps what it knew."""
    newer = keep(session, row(777, year=2001), whole=False)
    ours = films.film_id_of(session, "imdb:tt0000003")
    told = FilmRecord(refs=(Ref("tmdb", "777"), Ref("wikidata", "Q3")), kind=Kind.MOVIE, title="Film 3")
    linked = replace(told, refs=(Ref("wikidata", "Q3"), Ref("imdb", "tt0000003")))
    session.execute(
        models.ExternalId.__table__.delete().where(
            models.ExternalId.film_id == ours, models.ExternalId.namespace == "tmdb"
        )
    )
    assert keep(session, told) == newer
    assert keep(session, linked, "wikidata") == ours
    assert films.film_id_of(session, str(newer)) == ours
    assert known(session, "tmdb:777").record.credits == known(session, ours).record.credits != ()


def test_films_whose_references_contradict_each_other_stay_two(session):
    """A wrong claim must not put two films into one."""
    three, four = (films.film_id_of(session, f"imdb:tt000000{n}") for n in (3, 4))
    wrong = make_film(3, refs=(Ref("tmdb", "3"), Ref("imdb", "tt0000004")), title="Wrong", sources={})
    keep(session, wrong)
    assert films.film_id_of(session, "imdb:tt0000003") == three
    assert films.film_id_of(session, "imdb:tt0000004") == four
    assert session.scalars(select(models.Film.id).where(models.Film.merged_into.is_not(None))).all() == []
    assert known(session, three).record.title == "Film 3"


def test_a_film_that_was_asked_for_gets_its_facts_whatever_else_is_claimed(session):
    """The reference by which it was asked for is believed, the contradiction is not."""
    three = films.film_id_of(session, "imdb:tt0000003")
    claims = make_film(3, refs=(Ref("tmdb", "3"), Ref("imdb", "tt9999999")), description="Told.", sources={})
    assert keep(session, claims, film_id=three) == three
    found = known(session, three).record
    assert (found.description, Ref("imdb", "tt0000003") in found.refs) == ("Told.", True)
    with pytest.raises(FilmNotFound):
        films.film_id_of(session, "imdb:tt9999999")


def test_a_movie_and_a_series_of_one_number_are_two(session):
    """TMDB numbers them apart."""
    movie = keep(session, row(603), whole=False)
    series = replace(row(603), refs=(Ref("tmdb-tv", "603"),), kind=Kind.SERIES)
    assert keep(session, series, whole=False) != movie


def joined(session):
    """Two stubs that were one all along; gives what joins them, and their numbers: the one that stays first."""
    older = keep(session, row(8195), whole=False)
    newer = facts.stub(session, Ref("imdb", "tt0122690"), now=NOW)
    return lambda: keep(session, RONIN), older, newer


def test_what_was_said_of_either_is_said_of_the_one(session):
    """Per answer, what was said later stands; the history is whole, and can still be undone."""
    join, stays, goes = joined(session)
    one, two, three = (user(session) for _ in range(3))
    library.say(session, one, goes, {"verdict": Verdict.LIKED, "rating": 9}, now=NOW)
    library.say(session, two, stays, {"saved": True, "rating": 5}, now=NOW)
    library.say(session, two, goes, {"verdict": Verdict.FINE}, now=later())
    library.say(session, three, stays, {"verdict": Verdict.DISLIKED}, now=later())
    last = library.say(session, three, goes, {"verdict": Verdict.LIKED, "seen": True}, now=NOW)
    join()
    entries = [library.entry_of(session, person, stays).answers for person in (one, two, three)]
    assert (entries[0].verdict, entries[0].rating) == (Verdict.LIKED, 9)
    assert (entries[1].verdict, entries[1].rating, entries[1].saved) == (Verdict.FINE, 5, False)
    assert (entries[2].verdict, entries[2].seen) == (Verdict.DISLIKED, True)
    history = library.changes(session, two, before_id=None, limit=9)
    assert [change.film_id for change in history] == [stays, stays]
    undone = library.undo(session, three, last.change_id, now=later(2)).entry.answers
    assert (undone.verdict, undone.seen) == (Verdict.DISLIKED, False)


def test_reasons_showings_and_lists_follow(session):
    """Nothing is doubled, and no film is its own neighbour or reason."""
    join, stays, goes = joined(session)
    person = user(session)
    liked = films.film_id_of(session, "imdb:tt0000001")
    for film_id in (liked, stays, goes):
        library.say(session, person, film_id, {"verdict": Verdict.LIKED}, now=NOW)
    answers.answer(session, person, stays, liked, Say.NOT, now=NOW)
    answers.answer(session, person, goes, liked, Say.MORE, now=later())
    answers.answer(session, person, stays, goes, Say.NOT, now=NOW)
    for film_id, day, rank in ((stays, 2, 5), (goes, 1, 3)):
        session.add(
            models.Shown(
                user_id=person, film_id=film_id, first_at=later(day), last_at=later(day), rank=rank, model="x"
            )
        )
    facts.set_similar(session, liked, "tmdb", [row(8195), row(9)], now=NOW, keeps=None)
    imdb = [FilmRecord(refs=(Ref("imdb", "tt0122690"),), kind=Kind.MOVIE, title="R")]
    facts.set_similar(session, liked, "imdb-graphql", imdb, now=NOW, keeps=None)
    facts.set_similar(session, stays, "imdb-graphql", [*imdb, row(9)], now=NOW, keeps=None)
    join()
    reasons = session.execute(
        select(models.AnsweredReason.film_id, models.AnsweredReason.because_id, models.AnsweredReason.say)
    ).all()
    assert reasons == [(stays, liked, "more")]
    [shown] = session.scalars(select(models.Shown)).all()
    assert (shown.film_id, shown.rank, shown.first_at, shown.last_at) == (stays, 3, later(1), later(2))
    nine = films.film_id_of(session, "tmdb:9")
    lists = {
        (film_id, source): np.frombuffer(ids, "<i4").tolist()
        for film_id, source, ids in session.execute(
            select(models.SimilarList.film_id, models.SimilarList.source, models.SimilarList.ids).where(
                models.SimilarList.source != "catalogue"
            )
        )
    }
    assert lists == {
        (liked, "tmdb"): [stays, nine], (liked, "imdb-graphql"): [stays], (stays, "imdb-graphql"): [nine],
    }  # fmt: skip


def test_open_work_goes_on_for_the_film_that_stays(session):
    """Once, however often it was asked for."""
    from moviefinder.store import jobs

    join, stays, goes = joined(session)
    for film_id in (stays, goes):
        jobs.enqueue(session, "fetch_film", f"imdb:{film_id}", {"source": "imdb"}, now=NOW, film_id=film_id)
    jobs.enqueue(session, "fetch_film", f"wikidata:{goes}", {"source": "wikidata"}, now=NOW, film_id=goes)
    join()
    rows = session.execute(select(models.Job.key, models.Job.film_id).where(models.Job.kind == "fetch_film"))
    assert sorted(rows.all()) == [(f"imdb:{stays}", stays), (f"wikidata:{stays}", stays)]


def test_joined_films_can_be_joined_again(session):
    """Every number of the past leads to the one film, in one step."""
    first = facts.stub(session, Ref("wikidata", "Q1"), now=NOW)
    join, _, newer = joined(session)
    join()
    keep(session, replace(RONIN, refs=(*RONIN.refs, Ref("wikidata", "Q1"))))
    merged = dict(session.execute(select(models.Film.id, models.Film.merged_into)).all())
    older = films.film_id_of(session, "tmdb:8195")
    assert older == first == merged[newer]
    assert all(to in (None, first) for to in merged.values())


# Neighbours


def test_neighbours_come_in_the_order_of_the_source(session):
    """Those that nobody knew become stubs; adult ones, doubles and the film itself are left out."""
    film_id = keep(session, RONIN)
    told = [row(71), row(3), replace(row(72), adult=True), row(71), row(8195), row(73)]
    found = facts.set_similar(session, film_id, "tmdb", told, now=NOW, keeps=HALF_A_YEAR)
    assert [known(session, one).record.title for one in found] == ["Row 71", "Film 3", "Row 73"]
    [similar] = session.scalars(select(models.SimilarList).where(models.SimilarList.film_id == film_id))
    weights = list(similar.weights)
    assert weights == sorted(weights, reverse=True)
    assert (weights[0], min(weights) > 0, similar.expires_at) == (255, True, NOW + HALF_A_YEAR)
    number = number_of_change(session)
    assert facts.set_similar(session, film_id, "tmdb", told, now=later(), keeps=HALF_A_YEAR) == found
    assert number_of_change(session) == number
    assert facts.set_similar(session, film_id, "tmdb", [], now=later(), keeps=None) == []


def test_a_list_adds_nothing_to_a_film_that_is_known(session):
    """What the catalogue or a source told of it is more."""
    facts.set_similar(session, keep(session, RONIN), "tmdb", [row(3)], now=NOW, keeps=None)
    assert set(session.scalars(select(models.Fact.source))) == {"tmdb"}
    assert known(session, "tmdb:3").record.title == "Film 3"


def test_many_neighbours_cost_as_many_statements_as_few(app):
    """Those who write wait for these; the known, the unknown and the film itself are written in one go."""
    from sqlalchemy import event

    seen = []
    event.listen(app.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))

    def told(number, near, **more):
        """A film with its neighbours, in a transaction of its own; gives how many statements that took."""
        record = replace(RONIN, refs=(Ref("tmdb", str(number)), Ref("imdb", f"tt{number:07d}")))
        rows = [row(number + step) for step in range(1, near + 1)]
        by = facts.Told(source="tmdb", now=NOW, keeps=HALF_A_YEAR)
        with app.transaction() as session:
            film_id = facts.stub(session, record.refs[0], now=NOW)
        seen.clear()
        with app.transaction() as session, facts.one_change(session):
            facts.keep_near(session, film_id, record, rows, by, **more)
        return len([one for one in seen if not one.startswith(("BEGIN", "PRAGMA"))])

    told(1000, 3)  # people and places are known after the first
    few = told(2000, 3)
    assert told(3000, 30) == few <= 22
    assert told(3005, 20, known_only=True) <= 22


# The end of their terms


def test_facts_go_when_their_terms_end(session):
    """The film is merged from the rest; what the catalogue said is there again."""
    before = known(session, "imdb:tt0000003").record
    keep(session, make_film(3, description="By TMDB", sources={}))
    keep(session, make_film(3, description="By Wikipedia", sources={}), "wikipedia", keeps=None)
    assert facts.expire(session, now=NOW + HALF_A_YEAR - timedelta(seconds=1)) == 0
    number = number_of_change(session)
    assert facts.expire(session, now=NOW + HALF_A_YEAR) == 1
    assert known(session, "imdb:tt0000003").record.description == "By Wikipedia"
    assert number_of_change(session) > number
    facts.forget_source(session, "wikipedia")
    assert known(session, "imdb:tt0000003").record == replace(
        before, sources=known(session, "imdb:tt0000003").record.sources
    )


def test_a_film_that_somebody_spoke_of_keeps_its_name(session):
    """And its neighbours theirs; the rest that the source told goes."""
    film_id = keep(session, RONIN)
    library.say(session, user(session), film_id, {"verdict": Verdict.LIKED}, now=NOW)
    [near] = facts.set_similar(session, film_id, "tmdb", [row(71, year=1999)], now=NOW, keeps=HALF_A_YEAR)
    keep(session, replace(row(71, year=1999), description="A text."))
    facts.expire(session, now=NOW + HALF_A_YEAR)
    for number, name in ((film_id, ("Ronin", 1998)), (near, ("Row 71", 1999))):
        record = known(session, number).record
        assert (record.title, record.year) == name
        assert (record.description, record.poster, record.credits, record.score) == (None, None, (), None)
        session.expire_all()
        assert session.get(models.Film, number).fetched_at is None
    assert keep(session, RONIN, now=later(200)) == film_id
    assert known(session, film_id).record.description == RONIN.description


def test_a_film_that_is_nobodys_goes(session):
    """With the numbers that led to it."""
    join, stays, goes = joined(session)
    join()
    facts.forget_source(session, "tmdb")
    for number in (stays, goes):
        with pytest.raises(FilmNotFound):
            films.film_id_of(session, str(number))


def test_a_stub_that_nobody_came_back_to_is_forgotten(session):
    """After three months; one that is somebody's neighbour, or was spoken of, stays."""
    stub, near, said = (keep(session, row(n), whole=False, keeps=None) for n in (71, 72, 73))
    library.say(session, user(session), said, {"saved": True}, now=NOW)
    facts.set_similar(session, said, "tmdb", [row(72)], now=NOW, keeps=None)
    facts.expire(session, now=later(89))
    assert films.film_id_of(session, str(stub)) == stub
    facts.expire(session, now=later(91))
    with pytest.raises(FilmNotFound):
        films.film_id_of(session, str(stub))
    assert films.film_id_of(session, str(near)) == near
    assert films.film_id_of(session, str(said)) == said


def test_a_source_that_does_not_know_a_film_is_remembered_for_a_month(session):
    """That tells nothing of the film."""
    film_id = facts.stub(session, Ref("imdb", "tt0122690"), now=NOW)
    facts.keep_nothing(session, film_id, "imdb", now=NOW)
    library.say(session, user(session), film_id, {"saved": True}, now=NOW)
    assert known(session, film_id).record.title == "tt0122690"
    facts.expire(session, now=later(31))
    assert session.scalars(select(models.Fact)).all() == []
    assert films.film_id_of(session, str(film_id)) == film_id


# A newer catalogue


def test_a_newer_catalogue_is_merged_with_what_sources_told(app):
    """Its facts replace the older catalogue's; live facts, references and lists stay."""
    with app.transaction() as session:
        told = make_film(3, refs=(*make_film(3).refs, Ref("wikidata", "Q3")), description="Told.", sources={})
        three = keep(session, told)
        facts.set_similar(session, three, "tmdb", [row(4), row(71)], now=NOW, keeps=HALF_A_YEAR)
    newer = [make_film(3, title="Film Three"), make_film(4)]
    install(app, make_catalogue(newer, version="2026.02.01-newer"))
    with app.reading() as session:
        found = known(session, "wikidata:Q3")
        assert (found.id, found.record.title, found.record.description) == (three, "Film Three", "Told.")
        assert found.record.popularity == 1
        sources = session.scalars(
            select(models.SimilarList.source).where(models.SimilarList.film_id == three)
        )
        assert set(sources) == {"catalogue", "tmdb"}


def test_a_newer_catalogue_takes_over_a_live_film(app):
    """By any reference, two stubs of it as well; it keeps its number and what was said."""
    with app.transaction() as session:
        ronin = keep(session, replace(RONIN, refs=(Ref("tmdb", "8195"),)))
        other = facts.stub(session, Ref("imdb", "tt0122690"), now=NOW)
        person = user(session)
        library.say(session, person, other, {"verdict": Verdict.LIKED}, now=NOW)
    brought = make_film(5, refs=(Ref("imdb", "tt0122690"), Ref("tmdb", "8195")), title="Ronin!")
    install(app, make_catalogue([brought, make_film(1)], version="2026.02.01-newer"))
    with app.reading() as session:
        found = known(session, "imdb:tt0122690")
        assert (found.id, found.record.title, found.record.description) == (
            ronin, "Ronin!", RONIN.description,
        )  # fmt: skip
        assert library.entry_of(session, person, ronin).answers.verdict == Verdict.LIKED
        assert films.film_id_of(session, str(other)) == ronin


def test_a_film_that_left_the_catalogue_stays_while_anything_is_told_of_it(app):
    """And asks for its place, now that no rating knows it."""
    with app.transaction() as session:
        keep(session, make_film(3, description="Told.", sources={}))
    done = install(app, make_catalogue([make_film(1)], version="2026.02.01-newer"))
    assert (done.dropped, done.kept) == (38, 1)
    with app.reading() as session:
        found = known(session, "imdb:tt0000003")
        assert (found.record.title, found.record.description) == ("Film 3", "Told.")
        jobs = session.scalars(select(models.Job.film_id).where(models.Job.kind == "place_film")).all()
        assert jobs == [found.id]


def test_what_many_tell_at_once_is_all_kept(app):
    """On PostgreSQL the writers wait for each other; no one's words are lost."""
    import threading

    def tell(source):
        with app.transaction() as session:
            keep(session, replace(RONIN, refs=(RONIN.refs[1], Ref("wikidata", "Q1")), trailer=None), source)

    sources = ("tmdb", "wikidata", "imdb", "wikipedia", "imdb-graphql", "another")
    threads = [threading.Thread(target=tell, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.reading() as session:
        told = session.scalars(select(models.Fact.source)).all()
        assert set(told) == set(sources)
        assert len(set(session.scalars(select(models.Fact.film_id)))) == 1
        assert known(session, "wikidata:Q1").record.sources["title"] == "tmdb"
    with app.transaction() as session:
        session.execute(update(models.Film).values(changed=0))


def test_no_answer_is_lost_while_two_films_become_one(app):
    """People answer to either number at the moment of joining: every answer is of the film that stays."""
    import threading

    from moviefinder.web import create_app
    from tests.conftest import WRITE

    with app.transaction() as session:
        older = keep(session, row(8195), whole=False)
        newer = facts.stub(session, Ref("imdb", "tt0122690"), now=NOW)
    clients = [create_app(app).test_client() for _ in range(6)]
    said = []

    def answer(client, film_id):
        for rating in range(1, 6):
            done = client.patch(f"/api/v1/library/{film_id}", json={"rating": rating}, headers=WRITE)
            said.append((done.status_code, done.json["entry"]["rating"] == rating))

    def join():
        with app.transaction() as session:
            keep(session, RONIN)

    threads = [
        threading.Thread(target=answer, args=(client, (older, newer)[n % 2]))
        for n, client in enumerate(clients)
    ]
    threads.insert(3, threading.Thread(target=join))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [(200, True)] * 30
    with app.reading() as session:
        rows = session.execute(select(models.UserFilm.film_id, models.UserFilm.rating)).all()
        assert rows == [(older, 5)] * 6
        assert set(session.scalars(select(models.Change.film_id))) == {older}
