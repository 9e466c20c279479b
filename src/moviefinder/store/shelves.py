"""What every process keeps in memory of the films: facts and similar lists, the learned model, the title index.

A shelf looks at the table `versions` and loads anew what is newer, so that several processes agree. What it holds is
derived; losing it costs time, never data.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder import array_file
from moviefinder.errors import Invalid
from moviefinder.recommend import model_file
from moviefinder.recommend.filters import Codes, FilmFacts
from moviefinder.recommend.linear import Learned
from moviefinder.recommend.model_file import Model
from moviefinder.recommend.votes import SimilarLists
from moviefinder.records import Kind
from moviefinder.store.models import (
    ExternalId,
    Film,
    FilmCountry,
    FilmGenre,
    FilmLanguage,
    SimilarList,
    Title,
    Version,
)
from moviefinder.titles.index import TitleIndex, TitleRow

CATALOGUE, MODEL = "catalogue", "model"
UNRANKED = 2**31 - 1
"""The rank of a film of unknown popularity: after all others."""

SHIPPED_MODEL = Path(__file__).resolve().parent.parent / "shipped" / "model.npz"

_BEST_KNOWN_FIRST = (Film.popularity.is_(None), Film.popularity, Film.id)

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Shelf(Generic[T]):
    """One derived thing, loaded when first asked for and again when what it is made of has moved on.

    Args:
        versions: the names in `versions` that it follows.
        load: makes it out of the database; is told which versions.
    """

    def __init__(self, versions: Sequence[str], load: Callable[[Session, Sequence[str]], T]) -> None:
        self._versions = versions
        self._load = load
        self._lock = threading.Lock()
        self._held: tuple[Sequence[str], T] | None = None

    def newest(self, session: Session) -> T:
        """What belongs to the versions that the session sees."""
        versions = _versions_of(session, self._versions)
        if (held := self._held) is None or held[0] != versions:
            with self._lock:  # one thread loads, the others wait for it
                if (held := self._held) is None or held[0] != versions:
                    self._held = held = versions, self._load(session, versions)
        return held[1]


def _versions_of(session: Session, names: Sequence[str]) -> list[str]:
    """What is installed under each name, told apart from what any other database has; "0" when nothing is."""
    rows = session.execute(select(Version.name, Version.number, Version.data).where(Version.name.in_(names)))
    found = {row.name: f"{row.number}-{row.data['installation']}" for row in rows}
    return [found.get(name, "0") for name in names]


@dataclass(frozen=True, slots=True)
class Films:
    """Facts and similar lists of all films, both in the order of popularity: one position, one film."""

    facts: FilmFacts
    lists: SimilarLists

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named one-dimensional arrays that `from_arrays` takes."""
        lists = self.lists
        similar: dict[str, NDArray[Any]] = {
            "offsets": lists.offsets,
            "targets": lists.targets,
            "weights": lists.weights,
        }
        return self.facts.to_arrays() | similar

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Films:
        """What `to_arrays` gave."""
        lists = SimilarLists(arrays["ids"], arrays["offsets"], arrays["targets"], arrays["weights"])
        return cls(FilmFacts.from_arrays(arrays), lists)


def _read_films(session: Session) -> Films:
    rows = session.execute(
        select(
            Film.id, Film.kind, Film.year, Film.runtime_min, Film.score, Film.votes, Film.certificate
        ).order_by(*_BEST_KNOWN_FIRST)
    ).all()
    n = len(rows)
    ids, kinds, years, runtimes, scores, votes, certificates = zip(*rows, strict=True) if rows else ((),) * 7
    position = {film_id: i for i, film_id in enumerate(ids)}

    def codes(film_id: object, code: object) -> Codes:
        pairs = session.execute(select(film_id, code)).all()  # type: ignore[call-overload]  # any column
        return Codes.of(n, ((position[film], value) for film, value in pairs))

    facts = FilmFacts(
        ids=np.array(ids, np.int64),
        is_series=np.array([kind == Kind.SERIES for kind in kinds], bool),
        year=np.array([year or 0 for year in years], np.int16),
        runtime_min=np.array([min(minutes or 0, 32_767) for minutes in runtimes], np.int16),
        score=np.array([round((score or 0) * 100) for score in scores], np.int16),
        votes=np.array([count or 0 for count in votes], np.int32),
        genres=codes(FilmGenre.film_id, FilmGenre.slug),
        languages=codes(FilmLanguage.film_id, FilmLanguage.code),
        countries=codes(FilmCountry.film_id, FilmCountry.code),
        certificates=Codes.of(n, ((i, code) for i, code in enumerate(certificates) if code)),
    )
    return Films(facts, _read_lists(session, facts.ids, position))


def _read_lists(session: Session, ids: NDArray[np.int64], position: dict[int, int]) -> SimilarLists:
    packed: list[tuple[bytes, bytes]] = [(b"", b"")] * len(ids)
    for film_id, targets, weights in session.execute(
        select(SimilarList.film_id, SimilarList.ids, SimilarList.weights).order_by(SimilarList.source)
    ):
        packed[position[film_id]] = targets, weights
    offsets = np.zeros(len(ids) + 1, np.int64)
    np.cumsum([len(weights) for _, weights in packed], out=offsets[1:])
    target_ids = np.frombuffer(b"".join(targets for targets, _ in packed), "<i4")
    all_weights = np.frombuffer(b"".join(weights for _, weights in packed), np.uint8)
    place = np.zeros(int(ids.max(initial=0)) + 1, np.int32)
    place[ids] = np.arange(len(ids), dtype=np.int32)
    return SimilarLists(ids, offsets, place[target_ids], all_weights)


class _Derived(Generic[T]):
    """Loads something derived from its file in a folder, and makes the file when it is missing, damaged or older.

    The file is mapped into memory, so that processes share its pages.
    """

    def __init__(
        self,
        folder: Path,
        stem: str,
        *,
        make: Callable[[Session], T],
        save: Callable[[T, Path], None],
        load: Callable[[Path], T],
    ) -> None:
        self._folder, self._stem, self._make, self._save, self._load = folder, stem, make, save, load

    def __call__(self, session: Session, versions: Sequence[str]) -> T:
        path = self._folder / f"{'-'.join([self._stem, *versions])}.arrays"
        try:
            return self._load(path)
        except (OSError, Invalid):  # missing, not ours to read, or damaged
            made = self._make(session)
        try:
            self._save(made, path)
            for old in self._folder.glob(f"{self._stem}-*.arrays"):
                if old != path:
                    old.unlink(missing_ok=True)
            return self._load(path)
        except OSError:  # a full or read-only disk is no reason not to answer
            return made


def film_shelf(folder: Path) -> Shelf[Films]:
    """The shelf of films, kept in a folder of derived files."""
    return Shelf(
        [CATALOGUE],
        _Derived(
            folder,
            "films",
            make=_read_films,
            save=lambda films, path: array_file.save(path, films.to_arrays()),
            load=lambda path: Films.from_arrays(array_file.load(path)),
        ),
    )


def model_shelf(models: Path, folder: Path, shipped: Path) -> Shelf[Learned | None]:
    """The shelf of the learned model, laid over our films.

    It is the one that was published last; where its file is missing or damaged the one before it, else the one that
    ships, else none. What is passed over is said in the log.

    Args:
        models: the folder of the files that were published.
        folder: the folder of derived files.
        shipped: the file that ships; it may be missing.
    """

    def load(session: Session, versions: Sequence[str]) -> Learned | None:
        for path in _model_files(session, models, shipped):
            try:
                return _load_model(session, path, folder, catalogue=versions[0])
            except Invalid as error:
                log.warning("model.refused", reason=error.message)
        return None

    return Shelf([CATALOGUE, MODEL], load)


def _model_files(session: Session, models: Path, shipped: Path) -> list[Path]:
    published = session.scalar(select(Version.data).where(Version.name == MODEL))
    files = [models / name for name in published["files"]] if published else []
    return [*files, shipped] if shipped.exists() else files


def _load_model(session: Session, path: Path, folder: Path, *, catalogue: str) -> Learned:
    derived = _Derived(
        folder,
        "model",
        make=lambda session: lay_over(session, model_file.load(path)),
        save=lambda learned, path: array_file.save(path, learned.to_arrays()),
        load=lambda path: Learned.from_arrays(array_file.load(path)),
    )
    return derived(session, [catalogue, model_file.checksum_in(path)[:16]])


def lay_over(session: Session, model: Model) -> Learned:
    """A model over the films that we have, which it knows by their references.

    Raises:
        Invalid: the model knows hardly any of our films.
    """
    ids = np.array(session.scalars(select(Film.id).order_by(*_BEST_KNOWN_FIRST)).all(), np.int64)
    position = {film_id: i for i, film_id in enumerate(ids.tolist())}
    row_of = {ref: row for row, ref in enumerate(model.refs)}
    rows = np.full(len(ids), -1, np.int64)
    for namespace, value, film_id in session.execute(
        select(ExternalId.namespace, ExternalId.value, ExternalId.film_id).order_by(
            ExternalId.namespace.desc()
        )
    ):
        rows[position[film_id]] = row_of.get(f"{namespace}:{value}", rows[position[film_id]])
    known = int((rows >= 0).sum())
    if 2 * known < min(len(model), len(ids)):
        raise Invalid(
            f"The model {model.meta['version']} was made for other films: it knows {known:,} of our {len(ids):,}. "
            "Train one on this install.",
            field="model",
        )
    return Learned.of(model, ids, rows)


def title_shelf(folder: Path) -> Shelf[TitleIndex]:
    """The shelf of the title index, kept in a folder of derived files."""
    return Shelf(
        [CATALOGUE],
        _Derived(
            folder,
            "titles",
            make=lambda session: TitleIndex.build(_title_rows(session)),
            save=lambda index, path: index.save(path),
            load=TitleIndex.load,
        ),
    )


def _title_rows(session: Session) -> list[TitleRow]:
    rows = session.execute(
        select(Title.film_id, Title.folded, Film.year, Film.kind, Film.popularity, Title.is_main).join(
            Film, Film.id == Title.film_id
        )
    )
    return [
        TitleRow(
            film_id=film_id,
            folded=folded,
            year=year,
            kind=Kind(kind),
            popularity=UNRANKED if rank is None else rank,
            is_main=bool(is_main),
        )
        for film_id, folded, year, kind, rank, is_main in rows
    ]
