"""`moviefinder train`, `use-model` and `evaluate`: learn a model from ratings, use one, and see what one is worth."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from moviefinder.cli import data_folder
from moviefinder.config import Settings, load_settings
from moviefinder.errors import CannotStart, Invalid

if TYPE_CHECKING:
    from moviefinder.recommend.evaluate import Figures, Outcome, Ranker, Split
    from moviefinder.recommend.ratings import Ratings

_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_ratings = click.option(
    "--ratings",
    type=_FILE,
    multiple=True,
    required=True,
    help="Ratings of MovieLens, csv or dat, plain or .gz; may be repeated: users of different files are different.",
)
_links = click.option(
    "--links",
    type=_FILE,
    help="links.csv of the same data; without it the one beside the ratings, if there is one.",
)
_same = click.option(
    "--same-people",
    "same",
    type=_FILE,
    help="csv of users who are one person (set_a,userId_a,set_b,userId_b; a set is the name of the ratings' folder), "
    "beside those that are found.",
)


@click.command()
@_ratings
@_links
@_same
@click.option("--out", type=_FILE, help="Write the model there, and do not use it (`use-model` does).")
@click.option("--data", type=click.Path(path_type=Path), help="Folder for everything that is kept.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file.")
def train(
    ratings: tuple[Path, ...],
    links: Path | None,
    same: Path | None,
    out: Path | None,
    data: Path | None,
    config: Path | None,
) -> None:
    """Learn a model from ratings, check it, and use it in this install.

    A running server takes it up at its next request. The model is checked on people whom it has not seen; one that is
    no better than a list of the most liked films is refused, and what was used before stays in use. With the setting
    learn_from_library what people of this install like joins, where five of them share it.
    """
    from moviefinder.catalogue import open_catalogue
    from moviefinder.recommend import model_file
    from moviefinder.services import training

    if out is not None and not os.access(
        out.absolute().parent, os.W_OK | os.X_OK
    ):  # before the work, not after
        raise Invalid(
            f"Cannot write into the folder {out.parent}. Make it, or name another --out.", field="out"
        )
    settings = load_settings(config=config, data=data)
    if out is None:
        data_folder.make(settings.data)
        app, _ = data_folder.prepare(settings)
        app.close()
    begun = time.monotonic()
    catalogue = open_catalogue()
    films = training.film_map(catalogue, ratings, links=links, model=_shipped())
    read = training.read_ratings(ratings, films, same=same, say=_say)
    model, _ = training.train(
        read, training.learner(catalogue, films, say=_say), own=_own(settings, catalogue), say=_say
    )
    minutes = (time.monotonic() - begun) / 60
    if out is not None:
        model_file.save(model, out)
        click.echo(
            f"{out}: version {model.meta['version']}, {out.stat().st_size:,} bytes, {minutes:.1f} minutes"
        )
        return
    number, known = _publish(settings, model)
    version = model.meta["version"]
    click.echo(
        f"Model {version} is in use, number {number} here; it knows {known:,} films ({minutes:.1f} minutes)."
    )


def _own(settings: Settings, catalogue: Any) -> Ratings | None:
    """What this install's people like, where the operator wants it to count."""
    from moviefinder.services import training

    if not settings.learn_from_library:
        return None
    app, _ = data_folder.prepare(settings)
    try:
        with app.reading() as session:
            own = training.own_ratings(session, catalogue)
    finally:
        app.close()
    _say(
        f"{len(own):,} answers of this install's people join, each shared by {training.SUPPORT} of them or more"
    )
    return own


def _publish(settings: Settings, model: Any) -> tuple[int, int]:
    from moviefinder.recommend import model_file

    with tempfile.TemporaryDirectory(dir=settings.data) as folder:
        path = Path(folder) / "model.npz"
        model_file.save(model, path)
        return _publish_file(settings, path)


def _publish_file(settings: Settings, path: Path) -> tuple[int, int]:
    """The number that a model file has here from now on, and how many of our films it knows."""
    from moviefinder.services import models

    app, _ = data_folder.prepare(settings)
    try:
        with app.transaction() as session:
            published = models.publish(session, settings.data / "models", path, now=datetime.now(UTC))
        with app.reading() as session:
            app.models.newest(session)  # lays it over the films, so that a running server only maps it
    finally:
        app.close()
    return published.number, published.films


@click.command("use-model")
@click.argument("file", type=_FILE)
@click.option("--data", type=click.Path(path_type=Path), help="Folder for everything that is kept.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file.")
def use_model(file: Path, data: Path | None, config: Path | None) -> None:
    """Use a model that `moviefinder train --out` wrote.

    It is checked and copied; a running server takes it up at its next request.
    """
    settings = load_settings(config=config, data=data)
    data_folder.make(settings.data)
    number, known = _publish_file(settings, file)
    click.echo(f"{file} is in use, number {number} here; it knows {known:,} films.")


@click.command()
@_ratings
@_links
@_same
@click.option("--model", type=_FILE, help="Model file; without it the one that ships.")
@click.option(
    "--train", "anew", is_flag=True, help="Learn a model from the people who are not tested instead."
)
@click.option("--peers", is_flag=True, help="Learn and measure other methods beside it; only in a checkout.")
@click.option(
    "--seeds", type=click.IntRange(1, 20), default=3, show_default=True, help="How often people are drawn."
)
@click.option(
    "--people", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="How many each time."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def evaluate(
    ratings: tuple[Path, ...],
    links: Path | None,
    same: Path | None,
    model: Path | None,
    anew: bool,
    peers: bool,
    seeds: int,
    people: int,
    as_json: bool,
) -> None:
    """Say how well recommendations hit what people of a rating file really like.

    Some of a person's likes (four stars and more) are told, 5, 10, 20 or 80 % of them, at random or the first that were
    given; the others are looked for in the ranking of the whole catalogue. Nobody must be in these ratings whom the
    model has learned from: that is so with --train, and is for you to know with --model.
    """
    from moviefinder.catalogue import open_catalogue
    from moviefinder.recommend import evaluate as protocol
    from moviefinder.recommend import model_file
    from moviefinder.services import training

    if model is not None and anew:
        raise Invalid("--model and --train exclude each other: name one.", field="train")
    rivals = _peers() if peers else None
    given = None if anew else model_file.load(model) if model else _shipped(must_be=True)
    catalogue = open_catalogue()
    films = training.film_map(catalogue, ratings, links=links, model=given or _shipped())
    read = training.read_ratings(ratings, films, same=same, say=_say)
    learner = training.learner(catalogue, films, say=_say) if anew else None

    def rankers(parted: Split) -> Iterator[tuple[str, Ranker]]:
        learned = learner(parted.training) if learner else given
        assert learned is not None
        yield "model", training.asked(learned, catalogue)
        if rivals is None:
            yield "most liked", protocol.ByFame(parted.training.likes_by_film())
        else:
            yield from rivals(parted.training)

    outcomes: dict[str, dict[str, list[Outcome]]] = {}
    for seed in range(seeds):
        parted = protocol.split(read, seed=seed, people=people)
        if not len(parted.tested):
            raise Invalid(
                f"Nobody can be tested: that takes four people with {protocol.FEWEST_LIKES} likes. Name more ratings.",
                field="ratings",
            )
        fame = parted.training.likes_by_film()
        trials = {telling.name: list(protocol.trials(read, parted, telling)) for telling in protocol.TELLINGS}
        for name, ranker in rankers(parted):
            _say(f"people drawn with seed {seed}: {name}")
            for telling, asked in trials.items():
                outcomes.setdefault(name, {}).setdefault(telling, []).append(
                    protocol.judge(ranker, asked, fame)
                )
    figures = {
        name: {telling: protocol.figures(by_seed) for telling, by_seed in of.items()}
        for name, of in outcomes.items()
    }
    if as_json:
        told = {name: {telling: _plain(of[telling]) for telling in of} for name, of in figures.items()}
        click.echo(json.dumps(told, indent=1))
        return
    click.echo("\n".join(_table(figures)))


def _plain(figures: Figures) -> dict[str, float]:
    return {name: getattr(figures, name) for name in type(figures).__slots__}


def _table(figures: dict[str, dict[str, Figures]]) -> Iterator[str]:
    """The measures of each ranker, a line a telling."""
    widest = max(map(len, figures))
    yield (
        f"{'likes told':<12} {'':<{widest}} {'people':>7} {'nDCG@10':>8} {'95 % interval':>15} {'seeds +-':>9} "
        f"{'recall@20':>9} {'hit@10':>7} {'coverage@10':>11} {'popularity':>10}"
    )
    for telling in next(iter(figures.values())):
        for name, of in figures.items():
            row = of[telling]
            yield (
                f"{telling:<12} {name:<{widest}} {row.people:>7,} {row.ndcg:>8.4f} {row.low:>7.4f}-{row.high:.4f}  "
                f"{row.deviation:>9.4f} {row.recall:>9.4f} {row.hit:>7.4f} {row.coverage:>11,.0f} "
                f"{row.popularity:>10,.0f}"
            )


def _shipped(*, must_be: bool = False) -> Any:
    from moviefinder.recommend import model_file
    from moviefinder.store.shelves import SHIPPED_MODEL

    return model_file.load(SHIPPED_MODEL) if must_be or SHIPPED_MODEL.is_file() else None


def _peers() -> Callable[[Ratings], Iterator[tuple[str, Ranker]]]:
    """What `make bench-quality` measures beside us; it comes with a checkout and never with the package."""
    import importlib
    import sys

    root = Path(__file__).resolve().parents[3]
    try:
        if not (root / "bench" / "peers.py").is_file():
            raise ImportError("bench")
        if str(root) not in sys.path:
            sys.path.append(str(root))
        found: Callable[[Ratings], Iterator[tuple[str, Ranker]]] = importlib.import_module(
            "bench.peers"
        ).peers
    except ImportError as error:
        raise CannotStart(
            "--peers needs a checkout of MovieFinder with the packages of requirements/bench.txt, and "
            f"'{error.name or error}' is missing. Run `python3 tools/bootstrap.py bench` there."
        ) from error
    return found


def _say(line: str) -> None:
    click.echo(line, err=True)
