"""Whatever a source answers, it is read or refused; what others have recorded of them is read."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moviefinder.errors import FilmNotFound, SourceNonsense, SourceUnavailable
from moviefinder.records import Ref, Role
from moviefinder.sources.answers import checked
from tests.said import MATRIX, ROOT, SOURCES, people, samples, source

RECORDED = ROOT.parent / "shared" / "fixtures"
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def nodes(tree, path=()):
    """Where every value of a tree is."""
    yield path
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in children:
        yield from nodes(value, (*path, key))


def planted(tree, path, value):
    """The tree with another value in one place."""
    if not path:
        return value
    tree = tree.copy()
    tree[path[0]] = planted(tree[path[0]], path[1:], value)
    return tree


def ask_everything(asked):
    """Ask a source all that can be asked; what it tells keeps within bounds, whatever it was told."""
    for question in (
        lambda: asked.film(MATRIX),
        lambda: asked.similar(MATRIX),
        lambda: asked.search("the matrix"),
    ):
        try:
            told = question()
        except (
            SourceNonsense,
            FilmNotFound,
            SourceUnavailable,
        ):  # the last: Wikidata may say that it is busy
            continue
        for film in told if isinstance(told, list) else [told]:
            assert replace(checked(film, asked.name), sources={}) == replace(film, sources={})


@pytest.mark.parametrize("name", SOURCES)
@given(tree=TREES)
@settings(max_examples=60, deadline=None)
def test_any_json_is_read_or_refused(name, tree):
    """Films, not found, or nonsense: nothing else comes of an answer."""
    ask_everything(source(name, ("", tree)))


@pytest.mark.parametrize("name", SOURCES)
@given(data=st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.large_base_example])
def test_an_answer_with_one_wrong_value_is_read_or_refused(name, data):
    """The hard part: everything else is as documented."""
    said = samples(name)._outlet
    which = data.draw(st.integers(0, len(said.answers) - 1))
    part, answer = said.answers[which]
    path = data.draw(st.sampled_from(list(nodes(answer))))
    ask_everything(source(name, (part, planted(answer, path, data.draw(TREES))), *said.answers))


# Recorded answers of others, which are not ours to publish

NEEDS_RECORDED = pytest.mark.skipif(not RECORDED.is_dir(), reason="needs ../shared/fixtures")


def recorded(folder):
    """The manifest rows of a folder whose answers are whole and fine."""
    rows = json.loads((RECORDED / folder / "manifest.json").read_text()) if RECORDED.is_dir() else []
    return [row["file"] for row in rows if row["status"] == 200 and row["file"].endswith(".json")]


@NEEDS_RECORDED
@pytest.mark.parametrize("file", recorded("imdb-suggestion"))
def test_recorded_suggestions_are_read_whole(file):
    """Every title in them is of a kind that we keep."""
    answer = json.loads((RECORDED / "imdb-suggestion" / file).read_text())
    found = source("imdb", ("", answer)).search("anything", limit=50)
    assert [film.refs[0].value for film in found] == [
        row["id"] for row in answer["d"] if row["id"][:2] == "tt"
    ]
    assert [film.title for film in found] == [row["l"] for row in answer["d"]]


@NEEDS_RECORDED
@pytest.mark.parametrize("file", [file for file in recorded("imdb-graphql") if file.startswith("projected/")])
def test_recorded_titles_are_read_whole(file):
    """Nothing that they tell is lost."""
    answer = json.loads((RECORDED / "imdb-graphql" / file).read_text())
    title = answer["data"]["title"]
    graphql = source("imdb-graphql", ("", answer))
    ref = Ref("imdb", title["id"])
    film = graphql.film(ref)
    assert film.title == title["titleText"]["text"]
    assert film.year == (title["releaseYear"] or {}).get("year")
    assert film.score == title["ratingsSummary"]["aggregateRating"]
    assert film.adult == title["isAdult"]
    directors = [part for part in title["principalCredits"] if part["category"]["id"] == "director"]
    names = [credit["name"]["nameText"]["text"] for part in directors for credit in part["credits"]]
    assert people(film, Role.DIRECTOR) == names
    beside = [edge["node"] for edge in title["moreLikeThisTitles"]["edges"]]
    assert [film.refs[0].value for film in graphql.similar(ref)] == [node["id"] for node in beside]


@NEEDS_RECORDED
@pytest.mark.parametrize("file", recorded("tmdb"))
def test_recorded_answers_of_tmdb_are_read(file):
    """Details keep title, year and running time; lists keep each film that they name."""
    answer = json.loads((RECORDED / "tmdb" / file).read_text())
    is_movie = "title" in answer
    if "original_language" in answer:  # all of one film
        ref = Ref("tmdb" if is_movie else "tmdb-tv", str(answer["id"]))
        film = source("tmdb", ("", answer)).film(ref)
        assert film.title == answer["title" if is_movie else "name"]
        year = answer["release_date" if is_movie else "first_air_date"][:4]
        assert film.year == (int(year) if year else None)
        assert film.runtime_min == (
            answer["runtime"] if is_movie else (answer["episode_run_time"] or [None])[0]
        )
        assert film.genres
    elif isinstance(answer.get("results"), list) and "search" in file:
        rows = [
            row | {"media_type": row.get("media_type", "tv" if "-tv" in file else "movie")}
            for row in answer["results"]
        ]
        films = [row for row in rows if row["media_type"] in ("movie", "tv")]
        found = source("tmdb", ("", answer | {"results": rows})).search("anything", limit=50)
        assert [film.refs[0].value for film in found] == [str(row["id"]) for row in films]
