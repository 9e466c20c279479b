"""Tables that spreadsheets read: no cell is a formula, and every text can be had back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.formats import tables

FORMULAS = ["=1+1", "+49 30", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "=cmd|' /C calc'!A0"]


def read_back(text):
    """The rows of a table as Python's own reader has them."""
    return list(csv.reader(io.StringIO(text, newline="")))


def written(columns, rows):
    """A table as a file has it."""
    into = io.StringIO(newline="")
    tables.write(into, columns, rows)
    return into.getvalue()


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_begins_as_a_formula_does(text):
    """Each gets a single quote, which is taken off again."""
    assert tables.safe(text) == f"'{text}"
    assert tables.plain(tables.safe(text)) == text


@pytest.mark.parametrize("text", ["'71", "'Round Midnight", "Heat", "", "1+1=2", "O'Brother"])
def test_texts_that_are_no_formula_stay_as_they_are(text):
    """A film whose title begins with a quote keeps it, and gets no other."""
    assert tables.safe(text) == text
    assert tables.plain(text) == text


@given(st.text(st.sampled_from("'=+-@\t\r\n,\";a ") | st.characters(exclude_categories=["Cs"]), max_size=12))
def test_any_text_comes_back_through_a_table(text):
    """Written and read again it is the same, whatever quotes, commas and line ends are in it."""
    text = text.replace("\0", "")
    rows = read_back(written(["title"], [{"title": text}]))
    assert rows[0] == ["title"]
    assert (rows[1:] or [[""]])[0] in ([tables.safe(text)], [])
    assert tables.plain(tables.safe(text)) == text


def test_rows_end_and_cells_are_quoted_as_rfc_4180_has_it():
    """Lines end with CR LF; a cell with a comma, a quote or a line end is quoted, and quotes in it doubled."""
    text = written(["a", "b"], [{"a": 'say "yes"', "b": "one,\ntwo"}, {"a": None, "b": True}])
    assert text == 'a,b\r\n"say ""yes""","one,\ntwo"\r\n,true\r\n'


def test_lists_are_words_and_mappings_json():
    """References stand side by side; the answers before a change as JSON."""
    text = written(["refs", "before"], [{"refs": ["imdb:tt1", "tmdb:2"], "before": {"verdict": "liked"}}])
    assert read_back(text)[1] == ["imdb:tt1 tmdb:2", '{"verdict": "liked"}']
