"""Learning again: rating files -> people counted once -> rows of the catalogue -> a model that is checked.

What people of this install like joins where the operator wants it, and only so far as five of them share it. How a
model is learned is `recommend.learn`'s, how it is published `services.models`'.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.catalogue import Catalogue, likeness
from moviefinder.errors import Invalid
from moviefinder.recommend import Recommender, Taste, best, confidence, evaluate
from moviefinder.recommend.evaluate import AT_RANDOM, Rows
from moviefinder.recommend.learn import learn
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from moviefinder.recommend.model_file import Model
from moviefinder.recommend.rating_files import LARGEST_ID, Histories, read
from moviefinder.recommend.ratings import Ratings, joined
from moviefinder.recommend.same_people import counted_once, listed, same_people
from moviefinder.recommend.traits import Traits
from moviefinder.records import Kind, Ref, Verdict
from moviefinder.store.models import ExternalId, UserFilm

Learner = Callable[[Ratings], Model]
Say = Callable[[str], None]

SUPPORT: Final = 5
"""A film, and a pair of films, of this install's people counts where so many of them know it."""

STARS: Final[Mapping[str, float]] = {Verdict.LIKED: 5.0, Verdict.FINE: 3.0, Verdict.DISLIKED: 1.5}
"""What a verdict is worth beside ratings."""

_LINKS: Final = ("links.csv", "links.csv.gz")
_LINKS_COLUMNS: Final = ("movieId", "imdbId", "tmdbId")
_FEWEST_TO_LEARN: Final = 200
_FEWEST_CHECKED, _MOST_CHECKED = 50, 500
_CHECKED_SHARE: Final = 10  # one person in so many checks the model, between the two numbers above
_LEARN_AGAIN_BELOW: Final = 50_000  # with more people, those who check are not missed in what is published


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmMap:
    """MovieLens ids int32[p], rising, and the row of each: int32[p]; `n_films` rows there are."""

    ids: NDArray[np.int32]
    rows: NDArray[np.int32]
    n_films: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What people whom the model had not seen found in its lists: mean nDCG@10 at random tellings, and popularity's."""

    people: int
    ndcg: float
    popularity: float


@dataclass(frozen=True, slots=True)
class Asked:
    """An engine whose ids are rows of the catalogue, asked as the protocol asks."""

    engine: Recommender

    def __call__(self, liked: Rows, disliked: Rows, k: int) -> Rows:
        """The best of its values."""
        taste = Taste(
            liked=dict.fromkeys(liked.tolist(), 1.0), disliked=dict.fromkeys(disliked.tolist(), 1.0)
        )
        return best(self.engine.values(taste), k).astype(np.int32)


def film_map(
    catalogue: Catalogue, ratings: Sequence[Path], *, links: Path | None = None, model: Model | None = None
) -> FilmMap:
    """Which row of the catalogue each MovieLens id is.

    Args:
        catalogue: the films; a row is a position in it.
        ratings: files, beside each of which a links.csv may stand.
        links: a links.csv to take instead.
        model: knows the ids that it was learned from; helps out where no file does.

    Raises:
        Invalid: a file of links is missing or not of its form, or there is none and no model.
    """
    beside = [path.parent / name for path in ratings for name in _LINKS]
    files = [links] if links else list(dict.fromkeys(path for path in beside if path.is_file()))
    rows: dict[int, int] = {}
    if model is not None:
        positions = positions_of(model, catalogue)
        known = zip(model.movielens_ids.tolist(), positions[model.movielens_rows].tolist(), strict=True)
        rows = {number: row for number, row in known if row >= 0}
    elif not files:
        raise Invalid(
            "Which films are meant? Name the data set's links.csv with --links, or put it beside the ratings.",
            field="links",
        )
    for path in files:
        rows |= _linked(catalogue, path)
    pairs = np.array(sorted(rows.items()), np.int32).reshape(-1, 2)
    return FilmMap(ids=pairs[:, 0].copy(), rows=pairs[:, 1].copy(), n_films=len(catalogue))


def asked(model: Model, catalogue: Catalogue) -> Asked:
    """A model over rows of the catalogue, to be judged there."""
    ids = np.arange(len(catalogue), dtype=np.int64)
    positions = positions_of(model, catalogue)
    rows = np.full(len(catalogue), -1, np.int64)
    rows[positions[positions >= 0]] = np.flatnonzero(positions >= 0)
    return Asked(Linear(Learned.of(model, ids, rows)))


def positions_of(model: Model, catalogue: Catalogue) -> NDArray[np.int64]:
    """The position in the catalogue of each row of a model, -1 for a film that left it: int64[m]."""
    found = (catalogue.find(Ref(*ref.split(":", 1))) for ref in model.refs)
    return np.array([-1 if position is None else position for position in found], np.int64)


def _linked(catalogue: Catalogue, path: Path) -> dict[int, int]:
    rows: dict[int, int] = {}
    for line, cells in _links(path):
        try:
            number, imdb, tmdb = int(cells[0]), cells[1].removeprefix("tt"), cells[2]
            refs = [Ref("imdb", f"tt{int(imdb):07d}")] if imdb else []
            refs += [Ref("tmdb", str(int(float(tmdb))))] if tmdb else []
            if not 0 < number <= LARGEST_ID:
                raise ValueError(cells[0])
        except (ValueError, IndexError, OverflowError) as error:
            raise Invalid(
                f"{path}, line {line}: needs {', '.join(_LINKS_COLUMNS)} as whole numbers. Mend or remove it.",
                field="links",
            ) from error
        found = next((row for ref in refs if (row := catalogue.find(ref)) is not None), None)
        if found is not None:
            rows[number] = found
    return rows


def _links(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        opened = gzip.open if packed else open
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            if tuple(next(rows, ())) != _LINKS_COLUMNS:
                raise Invalid(
                    f"{path}, line 1: is not '{','.join(_LINKS_COLUMNS)}'. Name the links.csv of MovieLens.",
                    field="links",
                )
            for cells in rows:
                yield rows.line_num, cells
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise Invalid(
            f"Cannot read {path}: {error}. Name the links.csv of MovieLens.", field="links"
        ) from error


def read_ratings(
    paths: Sequence[Path], films: FilmMap, *, same: Path | None = None, say: Say = lambda _: None
) -> Ratings:
    """Read rating files over rows of the catalogue, each person once.

    Args:
        paths: what `rating_files.read` takes.
        films: which row each film is.
        same: a file that lists people who are one, beside those that are found.
        say: told of each step.

    Raises:
        Invalid: a file cannot be read, or no rating is of a film of the catalogue.
    """
    histories = _each_once(read(paths, say=say), same, say)
    ratings = histories.over(films.ids, films.rows, films.n_films)
    inside = int((ratings.films >= 0).sum())
    if not inside:
        raise Invalid(
            "None of the ratings is of a film of the catalogue. Is the links.csv of the same data set?",
            field="links",
        )
    say(f"{inside:,} of {len(ratings):,} ratings are of films of the catalogue")
    return ratings


def _each_once(histories: Histories, same: Path | None, say: Say) -> Histories:
    pairs = same_people(histories)
    if same is not None:
        pairs = np.unique(np.concatenate([pairs, listed(histories, same)]), axis=0)
    if not len(pairs):
        return histories
    once = counted_once(histories, pairs)
    say(f"{histories.n_people - once.n_people:,} people stand in two files and are counted once")
    return once


def own_ratings(session: Session, catalogue: Catalogue) -> Ratings:
    """What people of this install said of films, as far as five of them share it.

    A film counts where five people judged it. Of one person's films only such stay together that each two of them were
    judged by the same five people, so that no pair can be traced to fewer; the films that most judged come first.
    Answers that may not shape the taste are left out.
    """
    rows_by_film = {
        film_id: row
        for namespace, value, film_id in session.execute(
            select(ExternalId.namespace, ExternalId.value, ExternalId.film_id)
        )
        if (row := catalogue.find(Ref(namespace, value))) is not None
    }
    said = session.execute(
        select(UserFilm.user_id, UserFilm.film_id, UserFilm.verdict, UserFilm.updated_at)
        .where(UserFilm.taste.is_(True), UserFilm.verdict.is_not(None))
        .order_by(UserFilm.user_id, UserFilm.film_id)
    )
    users: dict[int, int] = {}
    judged = [
        (users.setdefault(user_id, len(users)), row, STARS[verdict or ""], int(at.timestamp()))
        for user_id, film_id, verdict, at in said
        if (row := rows_by_film.get(film_id)) is not None
    ]
    columns = [np.array(column) for column in zip(*judged, strict=True)] or [np.empty(0)] * 4
    people, films = columns[0].astype(np.int32), columns[1].astype(np.int32)
    kept = _shared(people, films, len(users))
    return Ratings(
        people=people[kept],
        films=films[kept],
        stars=columns[2].astype(np.float32)[kept],
        times=columns[3].astype(np.int64)[kept],
        n_people=len(users),
        n_films=len(catalogue),
    )


def _shared(people: NDArray[np.int32], films: NDArray[np.int32], n_people: int) -> NDArray[np.bool_]:
    """Which of the answers stay: bool[k]. Of a person's films those that most know are taken first."""
    rows, columns = np.unique(films, return_inverse=True)
    known = np.zeros((n_people, len(rows)), bool)
    known[people, columns] = True
    fame = known.sum(axis=0)
    stays = np.zeros_like(known)
    for person in range(n_people):
        own = np.flatnonzero(known[person] & (fame >= SUPPORT))
        own = own[np.argsort(-fame[own], kind="stable")]
        counts = known[:, own].astype(np.float32)
        supported = counts.T @ counts >= SUPPORT
        chosen: list[int] = []
        for at in range(len(own)):
            if supported[at, chosen].all():
                chosen.append(at)
        stays[person, own[chosen]] = True
    kept: NDArray[np.bool_] = stays[people, columns]
    return kept


def traits_of(catalogue: Catalogue) -> Traits:
    """What the catalogue knows of its films, as learning takes it."""
    films = catalogue.films
    records = [catalogue.record(row) for row in range(len(catalogue))]
    return Traits(
        refs=tuple(str(record.refs[0]) for record in records),
        likeness=likeness.Likeness(likeness.Traits.of(records)).to_all,
        votes=np.array([votes or 0 for votes in films.votes], np.float32),
        mean=np.array([(score or 0) / 2 for score in films.score], np.float32),
        year=np.array([year or 0 for year in films.year], np.int16),
        is_series=np.array([kind == Kind.SERIES for kind in films.kind]),
    )


def learner(catalogue: Catalogue, films: FilmMap, *, say: Say = lambda _: None) -> Learner:
    """How a model of the catalogue's films is learned from ratings."""
    traits = traits_of(catalogue)

    def learn_from(ratings: Ratings) -> Model:
        digest = hashlib.sha256()
        for column in (ratings.people, ratings.films, ratings.stars, ratings.times):
            digest.update(column.tobytes())
        meta = {
            "version": f"{catalogue.manifest.version}-{digest.hexdigest()[:8]}",
            "catalogue": catalogue.manifest.version,
            "trained_on": {"people": ratings.n_people, "ratings": len(ratings)},
        }
        return learn(ratings, traits, movielens_ids=films.ids, movielens_rows=films.rows, meta=meta, say=say)

    return learn_from


def train(
    ratings: Ratings, learn: Learner, *, own: Ratings | None = None, say: Say = lambda _: None
) -> tuple[Model, Check]:
    """Learn a model and check it on people whom it has not seen.

    With few people the model that is given is learned once more from all of them, after the check; with many, 500
    people stay out of it for good. Those who check the model also tell how sure it may say it is.

    Args:
        ratings: of everybody, rows of the catalogue.
        learn: makes a model.
        own: ratings of this install's people, never used to check.
        say: told of each step.

    Raises:
        Invalid: there are too few people, or the model is no better than the most liked films.
    """
    willing = int((ratings.likes_by_person() >= evaluate.FEWEST_LIKES).sum())
    if willing < _FEWEST_TO_LEARN:
        raise Invalid(
            f"Only {willing:,} people have {evaluate.FEWEST_LIKES} likes (four stars and more); {_FEWEST_TO_LEARN} are "
            "needed to learn from. Name more ratings.",
            field="ratings",
        )
    n = min(max(ratings.n_people // _CHECKED_SHARE, _FEWEST_CHECKED), _MOST_CHECKED)
    parted = evaluate.split(ratings, seed=0, people=n)
    say(f"learning from {parted.training.n_people:,} people, {len(parted.tested)} check it")
    model = learn(_with(parted.training, own))
    check = _checked(model, ratings, parted)
    say(
        f"nDCG@10 of {check.people} people: {check.ndcg:.3f}, the most liked films {check.popularity:.3f} "
        "(mean of 5, 10, 20 and 80 % of likes told)"
    )
    if check.ndcg <= check.popularity:
        raise Invalid(
            "The model is no better than a list of the most liked films, so it is not used. Name more ratings.",
            field="ratings",
        )
    asked = (trial for telling in AT_RANDOM for trial in evaluate.trials(ratings, parted, telling))
    calibration = confidence.calibrate(Learned.of_rows(model), ratings, asked)
    if ratings.n_people < _LEARN_AGAIN_BELOW:
        say("learning once more from everybody")
        model = learn(_with(ratings.inside(), own))
    return replace(model, meta={**model.meta, "confidence": calibration}), check


def _with(ratings: Ratings, own: Ratings | None) -> Ratings:
    return ratings if own is None or not len(own) else joined(ratings, own)


def _checked(model: Model, ratings: Ratings, parted: evaluate.Split) -> Check:
    fame = parted.training.likes_by_film()
    asked = Asked(Linear(Learned.of_rows(model)))
    found: dict[bool, list[float]] = {True: [], False: []}
    for telling in AT_RANDOM:
        trials = list(evaluate.trials(ratings, parted, telling))
        for is_model, ranker in ((True, asked), (False, evaluate.ByFame(fame))):
            if trials:
                found[is_model].append(float(evaluate.judge(ranker, trials, fame).ndcg.mean()))
    return Check(
        people=len(parted.tested), ndcg=float(np.mean(found[True])), popularity=float(np.mean(found[False]))
    )
