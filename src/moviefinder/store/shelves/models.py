"""The shelf of the learned model, laid over the films of the catalogue."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder import array_file
from moviefinder.errors import Invalid
from moviefinder.recommend import IdArray, model_file
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.model_file import Model
from moviefinder.store.models import ExternalId, Film, Version
from moviefinder.store.shelves.films import BEST_KNOWN_FIRST, RANKED, Films
from moviefinder.store.shelves.shelf import CATALOGUE, MODEL, Derived, LiveShelf, Shelf

SHIPPED_MODEL = Path(__file__).resolve().parents[2] / "shipped" / "model.npz"

log = structlog.get_logger(__name__)


def model_shelf(
    models: Path, folder: Path, shipped: Path, films: LiveShelf[Films, Any]
) -> Shelf[Learned | None]:
    """The shelf of the learned model, laid over our films.

    It is the one that was published last; where its file is missing or damaged the one before it, else the one that
    ships, else none. What is passed over is said in the log.

    Args:
        models: the folder of the files that were published.
        folder: the folder of derived files.
        shipped: the file that ships; it may be missing.
        films: whose positions count.
    """

    def load(session: Session, versions: Sequence[str]) -> Learned | None:
        ids = films.base.of(session, versions[:1]).facts.ids
        for path in _model_files(session, models, shipped):
            try:
                return _load_model(session, path, folder, ids, catalogue=versions[0])
            except Invalid as error:
                log.warning("model.refused", reason=error.message)
        return None

    return Shelf([CATALOGUE, MODEL], load)


def _model_files(session: Session, models: Path, shipped: Path) -> list[Path]:
    published = session.scalar(select(Version.data).where(Version.name == MODEL))
    files = [models / name for name in published["files"]] if published else []
    return [*files, shipped] if shipped.exists() else files


def _load_model(session: Session, path: Path, folder: Path, ids: IdArray, *, catalogue: str) -> Learned:
    derived = Derived(
        folder,
        "model",
        make=lambda session: lay_over(session, model_file.load(path), ids),
        save=lambda learned, path: array_file.save(path, learned.to_arrays()),
        load=lambda path: Learned.from_arrays(array_file.load(path)),
    )
    return derived(
        session, [catalogue, f"{zlib.crc32(ids.tobytes()):08x}", model_file.checksum_in(path)[:16]]
    )


def lay_over(session: Session, model: Model, ids: IdArray | None = None) -> Learned:
    """A model over the films that we have, which it knows by their references.

    Args:
        session: the database.
        model: what was learned.
        ids: int64[n], the films in their order; None for those of the catalogue.

    Raises:
        Invalid: the model knows hardly any of our films.
    """
    if ids is None:
        statement = select(Film.id).where(RANKED).order_by(*BEST_KNOWN_FIRST)
        ids = np.array(session.scalars(statement).all(), np.int64)
    position = {film_id: i for i, film_id in enumerate(ids.tolist())}
    row_of = {ref: row for row, ref in enumerate(model.refs)}
    rows = np.full(len(ids), -1, np.int64)
    for namespace, value, film_id in session.execute(
        select(ExternalId.namespace, ExternalId.value, ExternalId.film_id).order_by(
            ExternalId.namespace.desc()
        )
    ):
        if (at := position.get(film_id)) is not None:
            rows[at] = row_of.get(f"{namespace}:{value}", rows[at])
    known = int((rows >= 0).sum())
    if 2 * known < min(len(model), len(ids)):
        raise Invalid(
            f"The model {model.meta['version']} was made for other films: it knows {known:,} of our {len(ids):,}. "
            "Train one on this install.",
            field="model",
        )
    return Learned.of(model, ids, rows)
