"""The suggestion answers have the shape that clients of IMDb's files know."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.records import Kind
from moviefinder.titles.suggestion import MOST_ROWS, SuggestionRow, suggestion, suggestion_query

MATRIX = SuggestionRow(
    film_id=4,
    imdb="tt0133093",
    title="The Matrix",
    kind=Kind.MOVIE,
    year=1999,
    popularity=4,
    stars=("Keanu Reeves", "Laurence Fishburne", "Carrie-Anne Moss"),
)
SERIES = replace(
    MATRIX, film_id=9, imdb="tt0944947", title="Game of Thrones", kind=Kind.SERIES, year=2011, end_year=2019
)


def test_a_movie_has_every_field_of_a_suggestion() -> None:
    """The fields and words are those of IMDb's files; our own id is the only addition."""
    assert suggestion("the matrix", [MATRIX]) == {
        "d": [
            {
                "id": "tt0133093",
                "l": "The Matrix",
                "q": "feature",
                "qid": "movie",
                "rank": 4,
                "s": "Keanu Reeves, Laurence Fishburne",
                "y": 1999,
                "film": 4,
            }
        ],
        "q": "the matrix",
        "v": 1,
    }


@pytest.mark.parametrize(("end_year", "years"), [(2019, "2011-2019"), (None, "2011-")])
def test_a_series_shows_its_years(end_year: int | None, years: str) -> None:
    """A series has a range, open where the end is unknown."""
    entry = suggestion("game", [replace(SERIES, end_year=end_year)])["d"][0]
    assert (entry["q"], entry["qid"], entry["y"], entry["yr"]) == ("TV series", "tvSeries", 2011, years)


def test_what_is_unknown_is_left_out() -> None:
    """No null stands in an answer: IMDb's files have none either."""
    row = SuggestionRow(film_id=7, imdb=None, title="Lost", kind=Kind.MOVIE, year=None)
    assert suggestion("lost", [row])["d"] == [
        {"id": "mf7", "l": "Lost", "q": "feature", "qid": "movie", "s": "", "film": 7}
    ]


def test_no_more_than_eight_rows_are_given() -> None:
    """A longer list is cut, its order kept."""
    rows = [replace(MATRIX, film_id=n) for n in range(20)]
    assert [entry["film"] for entry in suggestion("m", rows)["d"]] == list(range(MOST_ROWS))


def test_no_match_is_an_empty_list() -> None:
    """Nothing found is an answer, not an error."""
    assert suggestion("xyzzy", []) == {"d": [], "q": "xyzzy", "v": 1}


@pytest.mark.parametrize(
    ("path_text", "query"),
    [
        ("the_matrix", "the matrix"),
        ("the%20matrix", "the matrix"),
        ("The Matrix ", "the matrix"),
        ("am%C3%A9lie", "amélie"),
        ("%ff", "\ufffd"),
        ("100%", "100%"),
        ("", ""),
    ],
)
def test_a_query_is_read_from_the_address(path_text: str, query: str) -> None:
    """Both forms in use are read, and nothing breaks the reading."""
    assert suggestion_query(path_text) == query


@given(st.text())
def test_any_address_gives_a_query_and_an_answer(path_text: str) -> None:
    """No text is an error, and each answer is JSON."""
    assert json.loads(json.dumps(suggestion(suggestion_query(path_text), [MATRIX])))["d"]
