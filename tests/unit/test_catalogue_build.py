"""Building a catalogue file from the sample, and reading it back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from moviefinder.catalogue import columns, open_catalogue
from moviefinder.catalogue.build import build
from moviefinder.catalogue.corrections import ADULT, CORRECTIONS, SAME_FILM
from moviefinder.errors import Invalid
from moviefinder.records import Kind, Ref
from moviefinder.titles.fold import fold

SAMPLE = Path(__file__).parents[1] / "data" / "catalogue"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A catalogue file of the sample."""
    path = tmp_path_factory.mktemp("catalogue") / "sample.zip"
    build(SAMPLE, path)
    return path


@pytest.fixture(scope="module")
def catalogue(path):
    """The catalogue of the sample."""
    return open_catalogue(path)


def position(catalogue, title):
    """Where a film of this title stands."""
    return catalogue.films.title.index(title)


def test_the_same_data_give_the_same_bytes(path, tmp_path):
    """In another process, with another seed for hashes and another number of threads."""
    again = tmp_path / "again.zip"
    command = [
        sys.executable,
        "-m",
        "moviefinder",
        "catalogue",
        "build",
        "--data",
        str(SAMPLE),
        "--out",
        str(again),
    ]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "OPENBLAS_NUM_THREADS": "1", "TZ": "Asia/Tokyo"}
    subprocess.run(command, check=True, env=environment, capture_output=True)
    assert again.read_bytes() == path.read_bytes()


def test_complete_much_rated_and_series_are_in(catalogue):
    """A film known from one thin source needs 100 votes, one with few ratings all its facts."""
    titles = set(catalogue.films.title)
    assert {"The Lantern Keeper", "Streamed and Known", "Brand New", "Tidewater"} <= titles
    assert not {"Streamed and Unknown", "Seldom Seen"} & titles


def test_a_film_listed_twice_is_one_film(catalogue):
    """The fuller row is kept, and the ratings are added up."""
    assert catalogue.films.title.count("The Mirror Lake") == 1
    film = catalogue.record(position(catalogue, "The Mirror Lake"))
    assert (film.votes, film.score) == (500, 6.4)
    assert film.runtime_min is not None


def test_a_record_holds_what_the_columns_hold(catalogue):
    """Every field of one film, made when it is asked for."""
    at = position(catalogue, "City of Salt")
    film = catalogue.record(at)
    assert film.refs == catalogue.refs(at)
    assert (film.original_title, film.alternative_titles) == ("Cidade de Sal", ())
    assert (film.kind, film.year, film.genres) == (Kind.MOVIE, 2002, ("crime", "drama"))
    assert (film.languages, film.countries, film.popularity) == (("pt",), ("BR",), at + 1)
    assert {credit.name for credit in film.credits} <= set(catalogue.people)
    assert film.poster == catalogue.films.poster[at]
    assert film.sources["original_title"] == "movielens"
    assert catalogue.record(position(catalogue, "S3ven Doors")).alternative_titles == ("Seven Doors",)


def test_films_are_found_by_each_of_their_references(catalogue):
    """A series by its number among series."""
    at = position(catalogue, "Tidewater")
    assert [ref.namespace for ref in catalogue.refs(at)] == ["imdb", "tmdb-tv"]
    assert all(catalogue.find(ref) == at for ref in catalogue.refs(at))
    assert catalogue.find(Ref("imdb", "tt0000001")) is None


def test_similar_films_have_weights_from_0_to_1(catalogue):
    """Best first."""
    weights = [weight for _, weight in catalogue.similar_to(0)]
    assert len(weights) >= 12
    assert all(0 < weight <= 1 for weight in weights)
    assert weights == sorted(weights, reverse=True)


def test_folded_names_are_shipped(catalogue):
    """So that a first start need not fold 60,000 of them."""
    assert catalogue.titles.folded == [fold(title) for title in catalogue.titles.title]
    assert catalogue.people_folded == [fold(name) for name in catalogue.people]


def test_nothing_of_tmdbs_votes_is_shipped(path, catalogue):
    """They order films while building; the votes in the file are MovieLens', and films without have none."""
    at = position(catalogue, "Brand New")
    assert catalogue.films.votes[at] is None
    assert catalogue.films.score[at] is None
    assert not [name for name in columns.read_members(path) if "rating" in name or "tmdb_votes" in name]


def test_the_manifest_says_what_is_inside(path, catalogue):
    """The version ends in the start of the checksum, and every source has its credit."""
    manifest = catalogue.manifest
    assert manifest.checksum == columns.checksum(columns.read_members(path))
    assert manifest.version.endswith(manifest.checksum[:8])
    assert manifest.films == len(catalogue) == len(catalogue.films.title)
    named = {source["name"] for source in manifest.sources}
    told = {source for film in catalogue.films.sources for source in film.values()}
    assert {name for source in told for name in source.split(", ")} <= named
    assert all(source["credit"] and source["licence"] for source in manifest.sources)


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "no zip", "no column", "other format"])
def test_a_file_that_cannot_be_read_is_one_plain_line(path, tmp_path, damage):
    """Whatever is wrong with it."""
    broken = tmp_path / "broken.zip"
    content = path.read_bytes()
    if damage in ("empty", "cut", "no zip"):
        broken.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "no zip": b"x" * 999}[damage])
    elif damage != "missing":
        members = columns.read_members(path)
        manifest = json.loads(members.pop(columns.MANIFEST))
        if damage == "no column":
            del members["films.year.u2"]
        else:
            manifest["format"] = 99
        columns.write(broken, manifest, members)
    with pytest.raises(Invalid, match=r"(?s)broken\.zip.*catalogue build"):
        open_catalogue(broken)


def test_a_failed_build_leaves_the_old_file(path, tmp_path):
    """A data folder that lacks something is found before anything is written."""
    out = tmp_path / "kept.zip"
    out.write_bytes(path.read_bytes())
    with pytest.raises(Invalid):
        build(tmp_path, out)
    assert zipfile.is_zipfile(out)
    assert [file.name for file in tmp_path.iterdir()] == ["kept.zip"]


@pytest.mark.parametrize(("width", "largest"), [("u1", 255), ("u2", 65_535), ("u4", 4_294_967_295)])
def test_numbers_come_back_as_they_were_packed(width, largest):
    """Also the largest of each width; a larger one is refused rather than cut."""
    numbers = [0, 1, largest, 7]
    assert columns.unpack_numbers(columns.pack_numbers(numbers, width), width).tolist() == numbers
    with pytest.raises(ValueError, match="does not fit"):
        columns.pack_numbers([largest + 1], width)


def test_corrections_are_well_formed():
    """Ids of IMDb, and none both corrected and left out."""
    ids = [*CORRECTIONS, *ADULT, *SAME_FILM, *SAME_FILM.values()]
    assert all(Ref.parse(f"imdb:{imdb}") for imdb in ids)
    assert not ADULT & set(CORRECTIONS)
