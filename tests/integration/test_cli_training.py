"""`moviefinder train` and `moviefinder evaluate`, as an operator calls them, on ratings of people who do not exist."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import moviefinder
from moviefinder.catalogue import open_catalogue
from moviefinder.catalogue.build import build
from moviefinder.recommend import model_file
from tests.tastes import co_likes, two_tastes, written

FILMS = 120


@pytest.fixture(scope="module")
def catalogue():
    """What ships."""
    return open_catalogue()


@pytest.fixture(scope="module")
def ratings(catalogue, tmp_path_factory):
    """A file of two tastes over the best-known films, with its links beside it."""
    folder = tmp_path_factory.mktemp("ratings")
    numbers = np.arange(1000, 1000 + FILMS)
    (folder / "ratings.csv").write_text(written(two_tastes(), numbers))
    links = [f"{number},{imdb[2:]},\n" for number, imdb in zip(numbers, catalogue.films.imdb, strict=False)]
    (folder / "links.csv").write_text("movieId,imdbId,tmdbId\n" + "".join(links))
    return folder / "ratings.csv"


@pytest.fixture(scope="module")
def model(catalogue, tmp_path_factory):
    """A model that knows the two tastes, learned from other people."""
    refs = tuple(str(catalogue.refs(row)[0]) for row in range(FILMS))
    learned = co_likes(two_tastes(seed=2))
    path = tmp_path_factory.mktemp("model") / "model.npz"
    model_file.save(
        model_file.Model(**{name: getattr(learned, name) for name in learned.__slots__} | {"refs": refs}),
        path,
    )
    return path


def run(*arguments, program=("-m", "moviefinder")):
    """The command's exit code, its lines, and what it said besides."""
    command = [sys.executable, *program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()


def test_a_model_is_judged_at_each_telling(ratings, model):
    """Eight tellings, the model and the most liked films at each, with intervals."""
    code, lines, _ = run("evaluate", "--ratings", ratings, "--model", model, "--people", "40", "--seeds", "2")
    assert code == 0
    assert len(lines) == 1 + 8 * 2
    assert "95 % interval" in lines[0]
    assert sum("most liked" in line for line in lines) == 8


def test_programs_get_numbers(ratings, model):
    """The same again gives the same; who knows the two tastes is ahead of a list of the most liked."""
    asked = ("evaluate", "--ratings", ratings, "--model", model, "--people", "40", "--seeds", "2", "--json")
    code, lines, _ = run(*asked)
    told = json.loads("\n".join(lines))
    assert code == 0
    assert run(*asked)[1] == lines
    for telling, ours in told["model"].items():
        assert ours["low"] <= ours["ndcg"] <= ours["high"] <= 1
        assert ours["people"] == told["most liked"][telling]["people"] > 0
    assert told["model"]["10"]["low"] > told["most liked"]["10"]["high"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--model", "/nowhere.npz"], "Cannot read the model /nowhere.npz"),
        (["--links", "/nowhere.csv"], "Cannot read /nowhere.csv"),
        (["--same-people", "/nowhere.csv"], "Cannot read /nowhere.csv"),
        (["--ratings", "/nowhere.csv"], "There is no file /nowhere.csv"),
        (["--train"], "exclude each other"),
    ],
)
def test_what_cannot_be_judged_is_said_in_a_line(ratings, model, options, said):
    """With exit code 2 and nothing else."""
    given = options if "--model" in options else ["--model", model, *options]
    code, lines, told = run("evaluate", "--ratings", ratings, *given)
    assert (code, lines) == (2, [])
    assert said in told[-1]


def test_nobody_to_judge_is_said(ratings, model, tmp_path):
    """A file of one person."""
    (tmp_path / "links.csv").write_text(ratings.with_name("links.csv").read_text())
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,1000,4.0,9\n")
    code, lines, told = run("evaluate", "--ratings", tmp_path / "ratings.csv", "--model", model)
    assert (code, lines) == (2, [])
    assert "Nobody can be tested" in told[-1]


def test_peers_that_are_not_installed_are_named(ratings, model):
    """With what to run; the package itself never needs them."""
    program = ("-c", "import sys; sys.modules['scipy'] = None; from moviefinder.cli import main; main()")
    code, lines, told = run("evaluate", "--ratings", ratings, "--model", model, "--peers", program=program)
    assert (code, lines) == (2, [])
    assert "'scipy' is missing" in told[-1]
    assert "bootstrap.py bench" in told[-1]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The command with a catalogue of 47 films as the one that ships, and ratings of its films: learned in a second."""
    folder = tmp_path_factory.mktemp("small")
    build(Path(__file__).parents[1] / "data" / "catalogue", folder / "catalogue.zip")
    catalogue = open_catalogue(folder / "catalogue.zip")
    numbers = np.arange(1, len(catalogue) + 1)
    (folder / "ratings.csv").write_text(written(two_tastes(n_films=len(catalogue), likes=18), numbers))
    links = [f"{number},{imdb[2:]},\n" for number, imdb in zip(numbers, catalogue.films.imdb, strict=True)]
    (folder / "links.csv").write_text("movieId,imdbId,tmdbId\n" + "".join(links))
    (folder / "program.py").write_text(
        "from pathlib import Path\n"
        "import moviefinder.catalogue, moviefinder.cli.data_folder, moviefinder.store.shelves\n"
        "folder = Path(__file__).parent\n"
        "moviefinder.catalogue.SHIPPED = folder / 'catalogue.zip'\n"
        "moviefinder.cli.data_folder.FIRST = moviefinder.store.shelves.SHIPPED_MODEL = folder / 'none'\n"
        "from moviefinder.cli import main\n"
        "main()\n"
    )
    return folder


def test_a_model_is_learned_into_a_file(small, tmp_path):
    """Checked on people it has not seen; it knows the tastes, and the ids of the ratings."""
    out = tmp_path / "model.npz"
    code, lines, said = run(
        "train", "--ratings", small / "ratings.csv", "--out", out, program=[small / "program.py"]
    )
    assert code == 0, said
    assert str(out) in lines[0]
    assert any("nDCG@10 of 50 people" in line for line in said)
    assert not list(tmp_path.glob("moviefinder.db"))
    model = model_file.load(out)
    assert len(model) == 47
    assert model.movielens_ids.tolist() == list(range(1, 48))
    told = subprocess.run(
        [sys.executable, "-m", "moviefinder", "rank", "--model", out],
        input='{"likes": [1, 3, 5, 7], "k": 8}\n', capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert sum(film % 2 for film in json.loads(told.stdout)["items"]) >= 6


def test_a_model_is_put_into_use(small, tmp_path):
    """Without --out: the install takes it, and the next one after it."""
    for number in (1, 2):
        code, lines, said = run(
            "train", "--ratings", small / "ratings.csv", "--data", tmp_path, program=[small / "program.py"]
        )
        assert code == 0, said
        assert f"is in use, number {number} here; it knows 47 films" in lines[0]
    assert len(list((tmp_path / "models").glob("*.npz"))) >= 1


def test_too_few_people_leave_what_was_in_use(small, tmp_path):
    """In one line, with exit code 2."""
    first = (small / "ratings.csv").read_text().splitlines()[:200]
    (tmp_path / "ratings.csv").write_text("\n".join(first) + "\n")
    links, data = small / "links.csv", tmp_path / "data"
    options = ("--ratings", tmp_path / "ratings.csv", "--links", links, "--data", data)
    code, lines, said = run("train", *options, program=[small / "program.py"])
    assert (code, lines) == (2, [])
    assert "are needed to learn from" in said[-1]
    assert not (data / "models").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--out", "/nowhere/model.npz"], "Cannot write into the folder /nowhere"),
        (["--data", "/proc/nowhere"], "Cannot write to the data folder"),
        (["--ratings", "/nowhere.csv"], "There is no file /nowhere.csv"),
    ],
)
def test_what_cannot_be_learned_is_said_before_the_work(small, options, said):
    """In one line, with exit code 2."""
    code, lines, told = run(
        "train", "--ratings", small / "ratings.csv", *options, program=[small / "program.py"]
    )
    assert (code, lines) == (2, [])
    assert said in told[-1]


def test_a_database_that_cannot_be_used_is_said_before_the_work(small, tmp_path):
    """Not after half an hour, when the model has nowhere to go."""
    (tmp_path / "moviefinder.db").write_text("no database" * 1_000)
    options = ("--ratings", small / "ratings.csv", "--data", tmp_path)
    code, lines, told = run("train", *options, program=[small / "program.py"])
    assert (code, lines, len(told)) == (2, [], 1)


def test_a_model_from_a_file_is_used(tmp_path):
    """Copied into the data folder; what is no model is refused in a line, and changes nothing."""
    full = Path(moviefinder.__file__).parent / "shipped" / "model.npz"
    code, lines, _ = run("use-model", full, "--data", tmp_path / "data")
    assert code == 0
    assert "number 1 here" in lines[0]
    kept = [path.name for path in (tmp_path / "data" / "models").iterdir()]
    code, _, said = run("use-model", __file__, "--data", tmp_path / "data")
    assert code == 2
    assert "train" in said[-1]
    assert [path.name for path in (tmp_path / "data" / "models").iterdir()] == kept
