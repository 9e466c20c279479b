"""Rating files of MovieLens: read in both forms, plain or packed; what cannot be read is named."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.errors import Invalid
from moviefinder.recommend import rating_files
from moviefinder.recommend.rating_files import read

HEADER = "userId,movieId,rating,timestamp\n"
ROWS = [(7, 296, 5.0, 1147880044), (7, 306, 3.5, 1147868817), (12, 296, 0.5, 964982703), (12, 318, 4.0, 0)]


def csv(rows, end="\n"):
    """Rows as MovieLens writes a csv."""
    return HEADER.replace("\n", end) + "".join(
        f"{user},{film},{stars},{at}{end}" for user, film, stars, at in rows
    )


def dat(rows):
    """Rows as MovieLens writes a dat file: whole stars without a point."""
    return "".join(f"{user}::{film}::{stars:g}::{at}\n" for user, film, stars, at in rows)


def written(folder, text, name="ratings.csv"):
    """A file with this text."""
    path = folder / name
    path.write_text(text, newline="")
    return path


def rows_of(histories):
    """What was read, as rows again."""
    users = histories.user_ids[histories.people]
    columns = (users, histories.movielens_ids, histories.stars, histories.times)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize(
    "text",
    [
        csv(ROWS),
        csv(ROWS, end="\r\n"),
        csv(ROWS)[:-1],
        csv(ROWS) + "\n\n",
        "\ufeff" + csv(ROWS),
        dat(ROWS),
        csv(ROWS).replace("5.0", "5").replace("4.0", "4.00"),
    ],
    ids=[
        "csv",
        "windows",
        "no line end",
        "empty lines",
        "marked as UTF-8",
        "dat",
        "stars in other spellings",
    ],
)
def test_each_form_of_a_file_is_read_alike(tmp_path, text):
    """The form is seen from the content, not from the name."""
    assert rows_of(read([written(tmp_path, text, "any name")])) == ROWS


def test_a_packed_file_is_read(tmp_path):
    """Whatever it is called."""
    path = tmp_path / "ratings.csv"
    path.write_bytes(gzip.compress(csv(ROWS).encode()))
    assert rows_of(read([path])) == ROWS


def test_arrays_have_the_types_that_they_promise(tmp_path):
    """People rise from 0 without gaps, whatever the user numbers."""
    histories = read([written(tmp_path, csv([(2**31 - 1, 2**31 - 1, 4.5, 1), (3, 1, 4.0, 2)]))])
    assert histories.people.tolist() == [0, 1]
    assert histories.user_ids.tolist() == [3, 2**31 - 1]
    types = (histories.people, histories.movielens_ids, histories.stars, histories.times)
    assert [values.dtype for values in types] == [np.int32, np.int32, np.float32, np.int64]


def test_blocks_make_no_difference(tmp_path, monkeypatch):
    """A file is read in blocks; lines that lie across two of them are whole."""
    rng = np.random.default_rng(1)
    rows = [(user, int(film), 4.0, user) for user in range(1, 60) for film in rng.choice(9999, 9) + 1]
    path = written(tmp_path, csv(rows))
    whole = rows_of(read([path]))
    monkeypatch.setattr(rating_files, "_BLOCK", 50)
    assert rows_of(read([path])) == whole


@pytest.mark.parametrize("name", ["_BLOCK"])
def test_a_fault_in_a_later_block_has_its_line(tmp_path, monkeypatch, name):
    """Lines are counted over the whole file."""
    monkeypatch.setattr(rating_files, name, 64)
    rows = [(1, film, 4.0, 9) for film in range(1, 100)]
    path = written(tmp_path, csv(rows).replace("1,77,4.0,9", "1,77,6.0,9"))
    with pytest.raises(Invalid, match=r"ratings\.csv, line 78: field rating: '6\.0'.*0\.5 to 5"):
        read([path])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (HEADER, "holds no ratings"),
        ("user,item,stars,at\n1,2,3,4\n", "line 1: 'user,item,stars,at'.*begins with 'userId,movieId"),
        (csv(ROWS) + "12,32", "line 6: has 2 fields, not 4.*cut there"),
        (csv(ROWS) + "12\n", "line 6: has 1 field, not 4"),
        (csv(ROWS) + "1,2,3.0,4,5\n", "line 6: has 5 fields"),
        (HEADER + "1,2,0.0,4\n", "line 2: field rating: '0.0'"),
        (HEADER + "1,2,5.5,4\n", "line 2: field rating: '5.5'"),
        (HEADER + "1,2,nan,4\n", "field rating: 'nan'"),
        (HEADER + "1,2,,4\n", "field rating: ''"),
        (HEADER + "1,2,1e0,4\n", "field rating: '1e0'"),
        (
            HEADER + "1,2147483648,4,4\n",
            "field movieId: '2147483648' is not a whole number from 1 to 2147483647",
        ),
        (HEADER + "99999999999999999999,2,4,4\n", "field userId: '99999999999999999999'"),
        (HEADER + "1,0,4,4\n", "field movieId: '0'"),
        (HEADER + "-1,2,4,4\n", "field userId: '-1'"),
        (HEADER + "1, 2,4,4\n", "field movieId: '2'|field movieId: ' 2'"),
        (HEADER + "1,2,4,1e9\n", "field timestamp: '1e9'"),
        (HEADER + "1,2,4,99999999999999\n", "field timestamp"),
        (HEADER + "1,2,4,4\n\n1,3,4,4\n", "line 3: has 1 field"),
        ("1::2::5::3\n1::3::5\n", "line 2: has 3 fields"),
        ("1::2::5::3\n1,3,5,4\n", "line 2: has 1 field"),
        (HEADER + "1,2,4,4" * 3_000_000, "line 2: the line is longer"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, text, said):
    """File, line, field and limit."""
    with pytest.raises(Invalid, match=said) as told:
        read([written(tmp_path, text)])
    assert "ratings.csv" in told.value.message
    assert len(told.value.message) < 600


def test_a_cut_or_damaged_packed_file_is_named(tmp_path):
    """Not a stack trace."""
    packed = gzip.compress(csv(ROWS * 1).encode())
    for content, said in ((packed[:-12], "is cut"), (packed[:12] + b"\xff" * 30, "damaged|cut")):
        path = tmp_path / "ratings.csv.gz"
        path.write_bytes(content)
        with pytest.raises(Invalid, match=said):
            read([path])


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    """As well as no file at all."""
    for paths in ([tmp_path / "no.csv"], [tmp_path], []):
        with pytest.raises(Invalid):
            read(paths)


def test_the_same_user_number_in_two_files_is_two_people(tmp_path):
    """Each file numbers its own users."""
    one, other = written(tmp_path, csv(ROWS), "a"), written(tmp_path, dat(ROWS[:1]), "b")
    histories = read([one, other])
    assert histories.n_people == 3
    assert histories.user_ids.tolist() == [7, 12, 7]
    assert histories.file_of.tolist() == [0, 0, 1]


def test_of_a_film_rated_twice_the_later_rating_stands(tmp_path):
    """Of equal times the one further down; how many were left out is said."""
    rows = [
        (1, 5, 2.0, 900),
        (1, 6, 3.0, 5),
        (1, 5, 4.5, 1000),
        (1, 5, 1.0, 800),
        (1, 6, 3.5, 5),
        (2, 5, 4.0, 1),
    ]
    said = []
    histories = read([written(tmp_path, csv(rows))], say=said.append)
    assert rows_of(histories) == [(1, 5, 4.5, 1000), (1, 6, 3.5, 5), (2, 5, 4.0, 1)]
    assert histories.repeated == 3
    assert "3 rated again later" in said[0]


def test_films_that_the_catalogue_lacks_are_kept_as_outside(tmp_path):
    """They count as likes; a film that is listed twice counts once, with the later rating."""
    rows = [(1, 5, 2.0, 900), (1, 6, 3.0, 5), (1, 7, 4.5, 1000), (2, 8, 4.0, 1), (2, 9, 4.0, 1)]
    histories = read([written(tmp_path, csv(rows))])
    ratings = histories.over(np.array([5, 6, 7], np.int32), np.array([1, 0, 1], np.int32), 2)
    assert ratings.films.tolist() == [0, 1, -1, -1]
    assert ratings.stars.tolist() == [3.0, 4.5, 4.0, 4.0]
    assert ratings.likes_by_person().tolist() == [1, 2]
    assert ratings.likes_by_film().tolist() == [0, 1]
    assert ratings.inside().films.tolist() == [0, 1]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**31 - 1),
            st.integers(1, 2**31 - 1),
            st.integers(1, 10).map(lambda half: half / 2),
            st.integers(0, 2**40),
        ),
        min_size=1,
        max_size=40,
        unique_by=lambda row: row[:2],
    ),
    st.booleans(),
)
def test_what_was_written_is_read(tmp_path_factory, rows, as_dat):
    """Any numbers within the limits, by user and otherwise in the order of the file."""
    path = written(tmp_path_factory.mktemp("ratings"), dat(rows) if as_dat else csv(rows))
    assert rows_of(read([path])) == sorted(rows, key=lambda row: row[0])
