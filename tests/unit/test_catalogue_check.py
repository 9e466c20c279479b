"""The check finds each fault that is planted, and the shipped file has none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from moviefinder.catalogue import SHIPPED, columns, open_catalogue, shipped_manifest
from moviefinder.catalogue.build import build
from moviefinder.catalogue.check import check
from moviefinder.records import Kind, Ref

SAMPLE = Path(__file__).parents[1] / "data" / "catalogue"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A catalogue file of the sample, without faults."""
    path = tmp_path_factory.mktemp("catalogue") / "sound.zip"
    build(SAMPLE, path)
    return path


def damaged(sound, path, plant, *, honest=True):
    """Write a copy with something planted in its members; an honest one has its checksum made anew."""
    members = columns.read_members(sound)
    manifest = json.loads(members.pop(columns.MANIFEST))
    plant(members)
    if honest:
        manifest["checksum"] = columns.checksum(members)
        manifest["version"] = f"2026.11.23-{manifest['checksum'][:8]}"
    columns.write(path, manifest, members)
    return path


def numbers(name, change):
    """Plant by changing a column of numbers in place."""

    def plant(members):
        width = name.rpartition(".")[2]
        values = columns.unpack_numbers(members[name], width)
        changed = change(values)
        members[name] = columns.pack_numbers(values if changed is None else changed, width)

    return plant


def texts(name, change):
    """Plant by changing a column of texts in place."""

    def plant(members):
        values = columns.unpack_texts(members[name])
        change(values)
        members[name] = columns.pack_texts(values)

    return plant


def put(at, value):
    """Change one value."""

    def change(values):
        values[at] = value

    return change


def unnamed(victim):
    """Let every list name something else in the place of one film."""

    def change(values):
        for at in np.flatnonzero(values == victim):
            values[at] = (victim + 1) % 47

    return change


FAULTS = {
    "a reference for two films": (
        numbers("films.imdb.u4", lambda v: v.__setitem__(1, v[0])),
        "stands for two films",
    ),
    "a malformed reference": (numbers("films.tmdb.u4", put(0, 4_000_000_000)), "reference is malformed"),
    "a film without reference": (
        lambda m: [numbers("films.imdb.u4", put(2, 0))(m), numbers("films.tmdb.u4", put(2, 0))(m)],
        "has no reference",
    ),
    "an empty title": (texts("titles.title.txt", put(0, " ")), "title is empty"),
    "no main title": (numbers("titles.is_main.u1", put(0, 0)), "as main title"),
    "a title folded otherwise": (
        texts("titles.folded.txt", put(3, "nonsense")),
        "not folded as search folds",
    ),
    "a person folded otherwise": (
        texts("people.folded.txt", put(3, "nonsense")),
        "Names of people are not folded",
    ),
    "a title twice": (numbers("titles.film.u2", lambda v: np.sort(np.where(v == 1, 0, v))), "as main title"),
    "an unknown genre": (
        texts("genres.code.vocabulary.txt", put(0, "gardening")),
        "genre is unknown: gardening",
    ),
    "an unknown kind": (texts("films.kind.vocabulary.txt", put(1, "opera")), "kind is unknown: opera"),
    "a score above ten": (numbers("films.score.u2", put(0, 1100)), "score is out of range"),
    "a genre of no film": (numbers("genres.film.u2", put(-1, 999)), "films that are not there"),
    "a credit of nobody": (numbers("credits.person.u4", put(0, 999)), "a person who is not there"),
    "a column too short": (texts("films.trailer.txt", lambda v: v.pop()), "not one value a film: trailer"),
    "a dangling neighbour": (numbers("similar.neighbours.u2", put(5, 999)), "names a film that is not there"),
    "a film like itself": (numbers("similar.neighbours.u2", put(0, 0)), "similar to itself"),
    "a neighbour twice": (
        numbers("similar.neighbours.u2", lambda v: v.__setitem__(1, v[0])),
        "names a film twice",
    ),
    "weights out of order": (numbers("similar.weights.u1", put(0, 1)), "not in order of weight"),
    "a weight of nothing": (numbers("similar.weights.u1", put(-1, 0)), "a weight of 0"),
    "a short list": (
        lambda m: [
            numbers("similar.lengths.u1", put(0, 11))(m),
            numbers("similar.neighbours.u2", lambda v: np.delete(v, slice(11, 46)))(m),
            numbers("similar.weights.u1", lambda v: np.delete(v, slice(11, 46)))(m),
        ],
        "has not 12 to 50 films",
    ),
    "lists that do not fit": (numbers("similar.lengths.u1", put(0, 40)), "do not fit together"),
    "a film that nobody names": (numbers("similar.neighbours.u2", unnamed(40)), "named by fewer than 3"),
    "a film out of reach": (numbers("similar.neighbours.u2", unnamed(40)), "cannot be reached"),
    "a film that leads nowhere": (
        numbers("similar.neighbours.u2", lambda v: v.__setitem__(slice(46, 92), 1)),
        "does not lead to",
    ),
}


def test_a_sound_file_has_no_faults(sound):
    """Nothing to say against a file just made."""
    report = check(sound)
    assert report.faults == ()
    assert (report.counts["films"], report.coverage["imdb"]) == (47, 47)
    assert report.coverage["original_title"] == 3


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(sound, tmp_path, fault):
    """Each of them, in words that say which."""
    plant, words = FAULTS[fault]
    report = check(damaged(sound, tmp_path / "damaged.zip", plant))
    assert any(words in found for found in report.faults), report.faults


def test_a_changed_content_is_noticed(sound, tmp_path):
    """Even a change that harms nothing: the checksum is over all of it."""
    path = damaged(sound, tmp_path / "changed.zip", numbers("films.votes.u4", put(0, 1)), honest=False)
    assert any("checksum" in fault for fault in check(path).faults)


def run(*arguments):
    """Run the real command."""
    command = [sys.executable, "-m", "moviefinder", "catalogue", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_prints_a_table_or_a_report_for_programs(sound):
    """And ends with 0 when the file is sound."""
    table = run("check", sound)
    assert (table.returncode, table.stderr) == (0, "")
    assert "no faults" in table.stdout
    report = json.loads(run("check", sound, "--json").stdout)
    assert (report["counts"]["films"], report["faults"]) == (47, [])


def test_the_command_fails_with_the_faults_named(sound, tmp_path):
    """Exit code 1 for a faulty file, 2 for none at all, 2 for data that are not there."""
    path = damaged(sound, tmp_path / "damaged.zip", numbers("similar.neighbours.u2", put(0, 0)))
    faulty = run("check", path)
    assert faulty.returncode == 1
    assert "similar to itself" in faulty.stderr
    absent = run("check", tmp_path / "absent.zip")
    assert (absent.returncode, absent.stderr.count("\n")) == (2, 1)
    assert run("build", "--data", tmp_path, "--out", tmp_path / "new.zip").returncode == 2
    assert run("build", "--data", SAMPLE, "--out", tmp_path / "no" / "new.zip").returncode == 2


@pytest.fixture(scope="module")
def shipped():
    """The catalogue that ships."""
    return open_catalogue()


def film(catalogue, imdb):
    """Position of a film by its IMDb id."""
    position = catalogue.find(Ref("imdb", imdb))
    assert position is not None
    return position


def test_the_shipped_catalogue_is_sound(shipped):
    """What every user gets: big enough, small enough, without a fault."""
    report = check()
    assert report.faults == ()
    assert report.counts["films"] >= 16_000
    assert report.counts["bytes"] <= 10_000_000
    assert shipped_manifest() == shipped.manifest
    assert SHIPPED.name == "catalogue.zip"


def test_spirited_away_names_animations(shipped):
    """At least twenty, the ones of its own house first."""
    similar = [position for position, _ in shipped.similar_to(film(shipped, "tt0245429"))]
    drawn = set(shipped.genres.film[np.array(shipped.genres.code) == "animation"].tolist())
    assert len(drawn.intersection(similar)) >= 20
    assert film(shipped, "tt0347149") in similar[:5]  # Howl's Moving Castle


@pytest.mark.parametrize(
    ("imdb", "other"),
    [
        ("tt0133093", "tt0234215"),  # The Matrix, Reloaded
        ("tt0078748", "tt0090605"),  # Alien, Aliens
        ("tt0114709", "tt0120363"),  # Toy Story, its second part
        ("tt1160419", "tt15239678"),  # Dune, its second part, which no rating has seen
        ("tt15239678", "tt1160419"),
        ("tt15398776", "tt0816692"),  # Oppenheimer, Interstellar
        ("tt0025316", "tt0032599"),  # It Happened One Night, His Girl Friday
    ],
)
def test_lists_make_sense_to_a_film_lover(shipped, imdb, other):
    """Old, new and unrated films: what belongs together stands among the first ten."""
    assert film(shipped, other) in [position for position, _ in shipped.similar_to(film(shipped, imdb))[:10]]


@pytest.mark.parametrize("imdb", ["tt0133093", "tt0078748", "tt0034583", "tt0068646", "tt0245429"])
def test_a_classic_leads_to_new_films_and_to_series(shipped, imdb):
    """Directly, so that narrow filters find something: The Matrix, Alien, Casablanca, The Godfather, Spirited Away."""
    similar = [position for position, _ in shipped.similar_to(film(shipped, imdb))]
    assert sum((shipped.films.year[at] or 0) >= 2020 for at in similar) >= 4
    assert sum(shipped.films.kind[at] == Kind.SERIES for at in similar) >= 2


def test_lists_of_series_hold_mostly_series(shipped):
    """Of the known series nine in ten have at least half a list of them."""
    series = [at for at, kind in enumerate(shipped.films.kind) if kind == Kind.SERIES]
    shares = []
    for at in series:
        similar = shipped.similar_to(at)
        shares.append(sum(shipped.films.kind[other] == Kind.SERIES for other, _ in similar) / len(similar))
    assert sum(share >= 0.5 for share in shares) >= 0.9 * len(series)
