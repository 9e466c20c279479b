"""`moviefinder rank` for programs and `moviefinder recommend` for people: what a model makes of some likes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import click

from moviefinder.cli import data_folder
from moviefinder.config import load_settings
from moviefinder.errors import Invalid

_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_LONGEST_LINE: Final = 1 << 22
_USUAL: Final = 10


@click.command()
@click.option("--model", type=_FILE, help="Model file; without it the one that ships.")
@click.option(
    "--ids",
    "numbering",
    type=click.Choice(["movielens", "imdb"]),
    default="movielens",
    show_default=True,
    help="Whose ids go in and out: 296, or tt0110912.",
)
@click.option(
    "--among",
    type=_FILE,
    help="Answer only with films of this file: one id a line (of a csv its first column), or a JSON list of ids.",
)
@click.option(
    "--by",
    type=click.Choice(["model", "votes", "fused"]),
    default="model",
    show_default=True,
    help="What ranks: the model alone, the catalogue's similar lists, or both together.",
)
def rank(model: Path | None, numbering: Any, among: Path | None, by: Any) -> None:
    """Rank films for likes read from standard input, a JSON object a line.

    {"likes": [296, 593], "dislikes": [1721], "k": 100} is answered by {"items": [...]}, best first, at most k (10
    unless said, up to all films). Only "likes" must be there. Films asked about never come back; ids that the model
    does not know count for nothing. A line that cannot be used is answered by {"error": ...}, and the exit code is
    then 1 at the end.

    This is the pure order of the model's scores. The recommendations of the server start from the same scores, and
    then filters, dials and what was decided before come into it.
    """
    from moviefinder.services import ranking

    ranker = ranking.load(model, numbering=numbering, by=by, among=_among(among) if among else None)
    failed = False
    for number, line in enumerate(_lines(sys.stdin.buffer), start=1):
        try:
            asked = _asked(line, numbering)
            answer: Mapping[str, Any] = {"items": ranker.items(asked.likes, asked.dislikes, asked.k)}
        except Invalid as error:
            failed = True
            answer = {"error": f"line {number}: {error.message}"}
        sys.stdout.write(json.dumps(answer, separators=(",", ":")) + "\n")
        sys.stdout.flush()
    if failed:
        sys.exit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One line of the input."""

    likes: list[Any]
    dislikes: list[Any]
    k: int


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines; of one that is too long so much that it can be told, without keeping it all."""
    while line := file.readline(_LONGEST_LINE):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(_LONGEST_LINE)
            if rest:
                line = b"too long"
        yield line


def _asked(line: bytes, numbering: str) -> _Asked:
    try:
        body = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Invalid(
            f"'{line[:40].decode('utf-8', 'replace').strip()}' is no JSON object in UTF-8 of at most "
            f'{_LONGEST_LINE // 2**20} MB. Write {{"likes": [296, 593]}}.'
        ) from error
    if not isinstance(body, dict):
        raise Invalid('is no JSON object. Write {"likes": [296, 593]}.')
    if "likes" not in body:
        raise Invalid("'likes' is missing. Give a list of ids.")
    k = body.get("k", _USUAL)
    if not isinstance(k, int) or isinstance(k, bool) or k < 1:
        raise Invalid("'k' must be a whole number from 1.")
    likes, dislikes = (_ids(name, body.get(name, []), numbering) for name in ("likes", "dislikes"))
    return _Asked(likes=likes, dislikes=dislikes, k=k)


def _ids(name: str, values: object, numbering: str) -> list[Any]:
    kind, form = (
        (int, "whole numbers such as 296") if numbering == "movielens" else (str, "such as 'tt0110912'")
    )
    if not isinstance(values, list):
        raise Invalid(f"'{name}' must be a list of ids, {form}.")
    for at, value in enumerate(values):
        if not isinstance(value, kind) or isinstance(value, bool):
            raise Invalid(f"'{name}[{at}]' must be an id of --ids {numbering}, {form}.")
    return values


def _among(path: Path) -> list[str]:
    """The ids of a file, as texts: a JSON list, or the first column of lines, whose first one may be a heading."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if text.lstrip().startswith("["):
            return [str(value) for value in json.loads(text)]
    except (OSError, ValueError, RecursionError) as error:
        raise Invalid(
            f"Cannot read {path}: {error}. Give one id a line, or a JSON list.", field="among"
        ) from error
    return [cell for line in text.splitlines() if (cell := line.split(",")[0].strip().strip('"'))]


@click.command()
@click.argument("titles", nargs=-1, required=True)
@click.option(
    "--not", "disliked", multiple=True, metavar="TITLE", help="A film you do not like; may be repeated."
)
@click.option("-k", "count", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
@click.option(
    "--by",
    type=click.Choice(["model", "votes", "fused"]),
    help="What ranks; without it what the server takes.",
)
@click.option("--data", type=click.Path(path_type=Path), help="Folder for everything that is kept.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def recommend(
    titles: tuple[str, ...],
    disliked: tuple[str, ...],
    count: int,
    by: Any,
    data: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Say what to watch for somebody who likes the films named TITLES, and why.

    The best-known film of a title is meant; "Alien 1979" or imdb:tt0078748 says which. What was said in the install
    plays no part, and nothing is kept.
    """
    from moviefinder.services import ranking

    settings = load_settings(config=config, data=data)
    data_folder.make(settings.data)
    app, _ = data_folder.prepare(settings)
    try:
        with app.reading() as session:
            told = ranking.for_titles(
                session,
                app.titles.newest(session),
                app.films.newest(session),
                app.models.newest(session),
                titles,
                disliked,
                count=count,
                by=by,
            )
    finally:
        app.close()
    if as_json:
        click.echo(json.dumps(told.to_json(), ensure_ascii=False, indent=1))
        return
    click.echo(f"For: {'; '.join(map(str, told.liked))}", err=True)
    if told.disliked:
        click.echo(f"Not: {'; '.join(map(str, told.disliked))}", err=True)
    for number, item in enumerate(told.items, start=1):
        because = ", ".join(f"{film} {100 * share:.0f} %" for film, share in item.because)
        sure = f", {item.confidence.replace('_', ' ')}" if item.confidence else ""
        click.echo(f"{number:>3}. {item.film}{sure}")
        if because:
            click.echo(f"     because of {because}")
