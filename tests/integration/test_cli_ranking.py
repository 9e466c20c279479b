"""`moviefinder rank` and `moviefinder recommend`, as programs and people call them."""

import json
import subprocess
import sys

import pytest

from moviefinder.catalogue import open_catalogue
from moviefinder.recommend import model_file
from tests.factories import make_model

FILMS = 20


@pytest.fixture(scope="module")
def catalogue():
    """What ships."""
    return open_catalogue()


@pytest.fixture(scope="module")
def model(catalogue, tmp_path_factory):
    """A model of the twenty best-known films, 10 to 29 by MovieLens: each speaks for those after it, the next most."""
    rows = [[(j, 100 - 4 * (j - i), 0) for j in range(i + 1, FILMS)] for i in range(FILMS)]
    refs = tuple(str(catalogue.refs(row)[0]) for row in range(FILMS))
    path = tmp_path_factory.mktemp("model") / "model.npz"
    model_file.save(make_model(rows, refs=refs), path)
    return path


def run(*arguments, lines=""):
    """The command's exit code, its lines, and what it said besides."""
    command = [sys.executable, "-m", "moviefinder", *map(str, arguments)]
    data = lines if isinstance(lines, bytes) else lines.encode()
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout.decode().splitlines(), done.stderr.decode()


def ranked(model, *asked, options=()):
    """The answers to some questions."""
    lines = "".join(f"{json.dumps(one)}\n" for one in asked)
    code, answers, said = run("rank", "--model", model, *options, lines=lines)
    assert (code, said) == (0, "")
    return [json.loads(answer)["items"] for answer in answers]


def test_each_line_is_answered_in_the_order_of_the_model(model):
    """Best first; what was asked about never comes back, unknown ids count for nothing."""
    first, dislikes, unknown = ranked(
        model,
        {"likes": [10], "k": 4},
        {"likes": [10, 12], "dislikes": [11, 13], "k": 3},
        {"likes": [99999, 10, 2**70], "dislikes": [-1], "k": 2, "user": "anybody"},
    )
    assert first == [11, 12, 13, 14]
    assert not {10, 11, 12, 13} & set(dislikes)
    assert unknown == [11, 12]


def test_a_list_may_be_as_long_as_the_catalogue(model):
    """Beyond what the likes speak for come the rest, the best known first; ten unless said."""
    everything, usual, nothing = ranked(
        model, {"likes": [25], "k": 10**9}, {"likes": [25]}, {"likes": [], "k": 2}
    )
    assert everything == [26, 27, 28, 29, *range(10, 25)]
    assert usual == everything[:10]
    assert nothing == [10, 11]


@pytest.mark.parametrize(
    "text", ["12\n14\n16\n99\n", "movieId,title\n12,a\n14,b\n16,c\n", "[12, 14, 16]", '["12", "14", "16"]']
)
def test_films_may_be_limited_to_a_list(model, tmp_path, text):
    """Lines, a csv or JSON; likes outside of it speak all the same."""
    among = tmp_path / "among"
    among.write_text(text)
    asked = {"likes": [10, 14], "k": 50}, {"likes": [10], "k": 2}
    assert ranked(model, *asked, options=["--among", among]) == [[16, 12], [12, 14]]


def test_imdb_ids_go_in_and_out(model, catalogue):
    """tt0111161 and the like."""
    names = catalogue.films.imdb[:3]
    assert ranked(model, {"likes": [names[0]], "k": 2}, options=["--ids", "imdb"]) == [names[1:3]]


def test_the_similar_lists_can_rank_as_well(model):
    """By votes and by both; the same question gives the same answer."""
    for by in ("votes", "fused"):
        one, again = (ranked(model, {"likes": [12, 14], "k": 5}, options=["--by", by]) for _ in range(2))
        assert one == again
        assert len(one[0]) == 5


def test_a_bad_line_is_answered_and_the_others_too(model):
    """Line and field are named; the exit code is 1 at the end."""
    lines = [
        b'{"likes": [10], "k": 1}', b"nonsense", b"", b"[10]", b'{"k": 3}', b'{"likes": 10}', b'{"likes": [10.5]}',
        b'{"likes": ["10"]}', b'{"likes": [true]}', b'{"likes": [], "dislikes": {}}', b'{"likes": [10], "k": 0}',
        b'{"likes": [10], "k": "5"}', b"\xff\xfe", b"[" * 100_000, b'{"likes": [' + b"1," * 3_000_000 + b"1]}",
        b'{"likes": [10], "k": 1}',
    ]  # fmt: skip
    code, answers, _ = run("rank", "--model", model, lines=b"\n".join(lines))
    answers = [json.loads(answer) for answer in answers]
    assert code == 1
    assert len(answers) == len(lines)
    assert answers[0] == answers[-1] == {"items": [11]}
    for number, answer in enumerate(answers[1:-1], start=2):
        assert answer["error"].startswith(f"line {number}: "), answer
        assert len(answer["error"]) < 300
    fields = ["likes", "likes", "likes[0]", "likes[0]", "likes[0]", "dislikes", "k", "k"]
    for answer, field in zip(answers[4:12], fields, strict=True):
        assert f"'{field}'" in answer["error"]


def test_each_line_is_answered_at_once(model):
    """A program may wait for an answer before it asks on."""
    command = [sys.executable, "-m", "moviefinder", "rank", "--model", str(model)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for film in (10, 11):
            process.stdin.write(b'{"likes": [%d], "k": 1}\n' % film)
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == {"items": [film + 1]}
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.mark.parametrize(("text", "said"), [("[" * 100_000, "Cannot read"), ("9" * 5_000, "None of the ids")])
def test_a_list_of_films_that_no_parser_takes_is_refused_in_a_line(model, tmp_path, text, said):
    """Neither depth nor length ends in a traceback."""
    (tmp_path / "ids").write_text(text)
    code, answers, told = run(
        "rank", "--model", model, "--among", tmp_path / "ids", lines='{"likes": [10]}\n'
    )
    assert (code, answers, len(told.splitlines())) == (2, [], 1)
    assert said in told


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--model", "/nowhere/model.npz"], "Cannot read the model"),
        (["--model", __file__], "cannot be used as a model"),
        (["--among", "/nowhere/ids"], "Cannot read /nowhere/ids"),
        (["--among", "/dev/null"], "None of the ids"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_line(model, options, said):
    """Before any line is read, with exit code 2."""
    given = options if "--model" in options else ["--model", model, *options]
    code, answers, told = run("rank", *given, lines='{"likes": [10]}\n')
    assert (code, answers) == (2, [])
    assert said in told
    assert len(told.splitlines()) == 1


def test_titles_are_answered_for_people(tmp_path):
    """Titles with years, and reasons among the films that were named."""
    code, lines, said = run("recommend", "Heat", "Alien", "--not", "Toy Story", "-k", "5", "--data", tmp_path)
    assert code == 0
    assert "Heat (1995); Alien (1979)" in said
    assert "Toy Story (1995)" in said
    films = [line for line in lines if not line.startswith("     ")]
    assert len(films) == 5
    assert films[0].startswith("  1. ")
    assert all("Heat (1995)" in line or "Alien (1979)" in line for line in lines if "because of" in line)


def test_titles_are_answered_for_programs(tmp_path):
    """A reference may be named; shares are numbers."""
    code, lines, _ = run("recommend", "imdb:tt0113277", "-k", "3", "--json", "--data", tmp_path)
    assert code == 0
    told = json.loads("\n".join(lines))
    assert told["liked"] == [{"title": "Heat", "year": 1995, "ref": "imdb:tt0113277"}]
    assert len(told["items"]) == 3
    assert all(sum(film["share"] for film in item["because"]) <= 1.001 for item in told["items"])


def test_a_title_that_nothing_is_called_is_said(tmp_path):
    """In one line, with exit code 2; a reference nobody knows with 1."""
    for title, expected in (("!!!", 2), ("", 2), ("imdb:tt9999999", 1)):
        code, lines, said = run("recommend", title, "--data", tmp_path)
        assert (code, lines) == (expected, [])
        assert len(said.splitlines()) == 1
