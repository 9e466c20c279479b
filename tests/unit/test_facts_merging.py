"""Merging what several sources say of one film: laws, and the choices behind them."""

from __future__ import annotations

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from moviefinder.records import Credit, FilmRecord, Kind, Offer, Ref, Role, Way
from moviefinder.services.facts import from_json, merge, to_json
from moviefinder.services.facts.merging import by_trust

SOURCES = ("catalogue", "tmdb", "imdb-graphql", "wikidata", "imdb", "wikipedia", "another")

text = st.sampled_from(["Heat", "heat", "HEAT!", "Le Heat", "熱", "$", "Amélie"])
maybe_text = st.none() | text
codes = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=3).map(tuple)
records = st.builds(
    FilmRecord,
    refs=st.lists(
        st.builds(Ref, st.just("imdb"), st.from_regex("tt[0-9]{7}", fullmatch=True)), min_size=1, max_size=2
    ).map(tuple),
    kind=st.sampled_from(Kind),
    title=text,
    original_title=maybe_text,
    alternative_titles=st.lists(text, max_size=3).map(tuple),
    year=st.none() | st.integers(1900, 1903),
    end_year=st.none() | st.integers(1903, 1905),
    runtime_min=st.none() | st.integers(1, 300),
    genres=codes,
    languages=codes,
    countries=codes,
    credits=st.lists(
        st.builds(
            Credit, name=text, role=st.sampled_from(Role), position=st.integers(0, 3), character=maybe_text
        ),
        max_size=3,
    ).map(tuple),
    certificate=maybe_text,
    score=st.none() | st.floats(0, 10, allow_nan=False),
    votes=st.none() | st.integers(0, 10_000),
    popularity=st.none() | st.integers(1, 100),
    poster=maybe_text,
    trailer=maybe_text,
    description=maybe_text,
    description_url=maybe_text,
    offers=st.lists(
        st.builds(Offer, country=st.just("DE"), provider=text, way=st.sampled_from(Way)), max_size=2
    ).map(tuple),
    adult=st.booleans(),
    sources=st.just({}) | st.just({"title": "tmdb", "poster": "tmdb"}),
)
told = st.dictionaries(st.sampled_from(SOURCES), records, min_size=1)

NAMES = [field.name for field in fields(FilmRecord)]
PAIRS = {"end_year": "year", "votes": "score", "description_url": "description"}


def known(value):
    """Whether a value says anything."""
    return value is not None and value is not False and value not in ((), {})


@given(records)
def test_a_record_comes_back_from_json_as_it_went_in(record):
    """Written and read as a database would."""
    import json

    assert from_json(json.loads(json.dumps(to_json(record)))) == record


@given(told, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_come_does_not_matter(facts, rng):
    """The same facts make the same film."""
    shuffled = list(facts.items())
    rng.shuffle(shuffled)
    assert merge(dict(shuffled)) == merge(facts)


@given(told)
def test_nothing_known_gives_way_to_nothing(facts):
    """A field that any source knows is known of the film, unless its better half is another source's."""
    merged = merge(facts)
    for name in set(NAMES) - {"sources", "popularity", "alternative_titles", *PAIRS}:
        assert known(getattr(merged, name)) == any(known(getattr(one, name)) for one in facts.values()), name


@given(told)
def test_every_value_is_some_sources_own_and_the_most_trusted_ones(facts):
    """Nothing is made up, and nothing is mixed."""
    merged = merge(facts)
    for name in ("kind", "title", "runtime_min", "genres", "certificate", "trailer", "score", "description"):
        those = [getattr(facts[source], name) for source in by_trust(facts)]
        assert getattr(merged, name) == next((value for value in those if known(value)), those[0]), name


@given(told)
def test_halves_of_a_pair_are_never_of_two_sources(facts):
    """A score with another's votes, or a text with another's page, would be a lie."""
    merged = merge(facts)
    for half, better in (("votes", "score"), ("description_url", "description")):
        pairs = {(getattr(one, better), getattr(one, half)) for one in facts.values()}
        assert not known(getattr(merged, better)) or (getattr(merged, better), getattr(merged, half)) in pairs
    if merged.end_year is not None:
        assert (merged.year, merged.end_year) in {(one.year, one.end_year) for one in facts.values()}


@given(told, st.sampled_from(SOURCES))
def test_merging_a_merged_film_again_changes_nothing(facts, source):
    """Whatever of the sources it is filed under, alone."""
    once = merge(facts)
    again = merge({source: once})
    assert replace(again, popularity=None, sources={}) == replace(once, popularity=None, sources={})


@given(told)
def test_each_field_names_its_source(facts):
    """What is known says who said so; what is not says nothing."""
    merged = merge(facts)
    assert (
        {"title"} <= merged.sources.keys() <= set(NAMES) - {"refs", "kind", "adult", "sources", "popularity"}
    )
    for field in merged.sources:
        assert known(getattr(merged, field)), field


def test_a_less_trusted_source_fills_what_others_leave_open():
    """And a poster comes from whoever is asked, before the catalogue's pointer into TMDB."""
    base = FilmRecord(
        refs=(Ref("imdb", "tt0000001"),), kind=Kind.MOVIE, title="Heat", year=1995, poster="/old.jpg",
        sources={"title": "movielens", "poster": "tmdb"},
    )  # fmt: skip
    live = replace(
        base, title="heat", poster="MV5", description="A thief.", description_url="https://x", sources={}
    )
    merged = merge({"imdb": live, "catalogue": base})
    assert (merged.title, merged.poster, merged.description) == ("Heat", "MV5", "A thief.")
    assert merged.sources == {
        "title": "movielens", "year": "catalogue", "poster": "imdb", "description": "imdb",
    }  # fmt: skip


def test_directors_and_cast_may_be_of_two_sources():
    """Each role by the first that names anybody."""
    base = FilmRecord(refs=(), kind=Kind.MOVIE, title="Heat")
    director = Credit(name="Michael Mann", role=Role.DIRECTOR, position=0)
    actor = Credit(name="Al Pacino", role=Role.ACTOR, position=0)
    wrong = Credit(name="Somebody", role=Role.DIRECTOR, position=0)
    merged = merge(
        {"tmdb": replace(base, credits=(director,)), "imdb": replace(base, credits=(actor, wrong))}
    )
    assert set(merged.credits) == {director, actor}
