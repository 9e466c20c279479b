"""The same person in two rating files is found, and counted once."""

from pathlib import Path

import numpy as np
import pytest

from moviefinder.errors import Invalid
from moviefinder.recommend.rating_files import Histories
from moviefinder.recommend.same_people import counted_once, listed, same_people


def histories(*files):
    """Files of users: each file maps a user number to rows (film, stars, time)."""
    people = [(file, user, rows) for file, users in enumerate(files) for user, rows in sorted(users.items())]
    rows = [(number, *row) for number, (_, _, of) in enumerate(people) for row in of]
    columns = np.array(rows, np.float64).T
    return Histories(
        files=tuple(Path(f"/data/set-{n}/ratings.csv") for n in range(len(files))),
        file_of=np.array([file for file, _, _ in people], np.int16),
        user_ids=np.array([user for _, user, _ in people], np.int32),
        people=columns[0].astype(np.int32),
        movielens_ids=columns[1].astype(np.int32),
        stars=columns[2].astype(np.float32),
        times=columns[3].astype(np.int64),
        repeated=0,
    )


def history(seed, n=40, films=3000):
    """Somebody's ratings at times of their own."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(films, n, replace=False) + 1
    stars = rng.integers(1, 11, n) / 2
    times = rng.integers(10**9, 2 * 10**9, n)
    return list(zip(chosen.tolist(), stars.tolist(), times.tolist(), strict=True))


def moved(rows, *, by=0, stars=0.0):
    """The same films at other times, or with other stars."""
    return [(film, 0.5 + (given - 0.5 + stars) % 5, at + by) for film, given, at in rows]


def test_five_identical_ratings_are_one_person():
    """Film, stars and second: chance gives none of it; four are not enough to say so."""
    for shared, found in ((5, [[0, 1]]), (4, [])):
        mixed = history(1)[:shared] + history(2)[shared:]
        assert same_people(histories({1: history(1)}, {9: mixed})).tolist() == found


def test_a_history_that_another_contains_is_one_person_whatever_the_times():
    """Nine in ten of at least twenty films with the same stars: an export that lost its times, or moved them."""
    long = history(1, n=200)
    assert same_people(histories({1: long}, {9: moved(long[:30], by=3600)})).tolist() == [[0, 1]]
    assert same_people(histories({1: long}, {9: moved(long[:19], by=3600)})).tolist() == []
    other = moved(long[:26], by=3600) + history(3, n=4)
    assert same_people(histories({1: long}, {9: other})).tolist() == []


def test_the_same_times_with_other_stars_are_one_person():
    """Ratings that somebody rescaled."""
    rows = history(1)
    assert same_people(histories({1: rows}, {9: moved(rows, stars=1.0)})).tolist() == [[0, 1]]


def test_people_of_like_taste_stay_apart():
    """Sharing many well-known films, rated alike, is no proof; nor are times that are all alike."""
    rng = np.random.default_rng(5)
    films = {
        number: [(film, float(rng.choice([4.0, 4.5, 5.0])), 10**9) for film in range(1, 31)]
        for number in range(60)
    }
    ones = {number: films[number] for number in range(30)}
    others = {number: films[number] for number in range(30, 60)}
    assert not len(same_people(histories(ones, others)))


def test_within_one_file_each_number_is_one_person():
    """There the numbers are those of one site."""
    assert not len(same_people(histories({1: history(1), 2: history(1)})))
    assert not len(same_people(histories({1: history(1), 2: history(1)}, {1: history(7)})))


def test_the_longer_history_stays():
    """Of three who are one, too; the others' numbers close up."""
    rows = history(1, n=60)
    read = histories({1: history(4), 2: rows[:30]}, {1: rows}, {8: rows[:50], 9: history(5)})
    pairs = same_people(read)
    assert pairs.tolist() == [[1, 2], [1, 3], [2, 3]]
    once = counted_once(read, pairs)
    assert once.user_ids.tolist() == [1, 1, 9]
    assert np.bincount(once.people).tolist() == [40, 60, 40]


def test_people_may_be_listed(tmp_path):
    """By folder and user number; those of files that are not read are passed over."""
    path = tmp_path / "same.csv"
    path.write_text(
        "set_a,userId_a,set_b,userId_b,identical\nset-0,2,set-1,1,9\nset-0,77,set-1,1,9\nset-5,1,set-1,1,9\n"
    )
    read = histories({1: history(1), 2: history(2)}, {1: history(3)})
    assert listed(read, path).tolist() == [[1, 2]]


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "set_a,userId_a,set_b,userId_b\nset-0,x,set-1,1\n"])
def test_a_list_that_cannot_be_read_is_named(tmp_path, text):
    """With its line."""
    path = tmp_path / "same.csv"
    path.write_text(text)
    with pytest.raises(Invalid, match=r"same\.csv, line 2"):
        listed(histories({1: history(1)}, {1: history(3)}), path)
    with pytest.raises(Invalid, match="Cannot read"):
        listed(histories({1: history(1)}), tmp_path / "none.csv")
