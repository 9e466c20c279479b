"""The composition root: Settings -> App. Every entry point (server, worker, command line, tests) starts from one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from moviefinder.config import Settings
from moviefinder.dispatch import Bell, LocalBell
from moviefinder.errors import CannotStart
from moviefinder.recommend.learned import Learned
from moviefinder.sources import FilmSource
from moviefinder.sources.embedded import EmbeddedSource
from moviefinder.sources.loading import FilmSources, decide
from moviefinder.store import make_engine, reading, writing
from moviefinder.store.jobs import RING
from moviefinder.store.shelves import (
    LOOK_EVERY_S,
    SHIPPED_MODEL,
    Films,
    LiveShelf,
    Shelf,
    film_shelf,
    model_shelf,
    title_shelf,
)
from moviefinder.store.switches import switches
from moviefinder.titles.layers import Titles

if TYPE_CHECKING:
    from moviefinder.sources.http import PoliteClient


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What everything that MovieFinder does works with."""

    settings: Settings
    engine: Engine
    sources: Mapping[str, FilmSource]
    """In order of trust; made when the first is asked for."""
    films: LiveShelf[Films, Any]
    models: Shelf[Learned | None]
    titles: LiveShelf[Titles, Any]
    bell: Bell
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @contextmanager
    def transaction(self, *, lasting: bool = True) -> Iterator[Session]:
        """One unit of work: commit on success, roll back on error, ring the bell for a job after the commit.

        Args:
            lasting: see `store.writing`; what can be done anew need not be.
        """
        with writing(self.engine, lasting=lasting) as session:
            yield session
        if written := session.info.get(RING):
            self.bell.ring(written)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A read-only snapshot: takes no write lock, and answers while one is held."""
        with reading(self.engine) as session:
            yield session

    def close(self) -> None:
        """Ring for what is still to be rung for, and give the connections to others and to the database back."""
        self.bell.close()
        if isinstance(self.sources, FilmSources):
            self.sources.close()
        self.films.settle()
        self.titles.settle()
        self.engine.dispose()


def _bell(settings: Settings) -> Bell:
    if settings.queue == "embedded":
        return LocalBell(settings.data)
    try:
        from moviefinder.dispatch.broker import CeleryBell
    except ModuleNotFoundError as error:
        raise CannotStart(
            f"Setting 'queue': Celery is missing ({error}). Run pip install 'moviefinder[celery]'."
        ) from error
    return CeleryBell(settings)


def _client(settings: Settings, engine: Engine) -> PoliteClient:
    """The way out of all sources, which asks before each call whether its source is on."""
    from moviefinder.sources.http import PoliteClient
    from moviefinder.store.hosts import HostLedger
    from moviefinder.store.kept import KeptAnswers

    def is_on(name: str) -> bool:
        with reading(engine) as session:
            return decide(settings, name, switches(session).get(name)).is_on

    return PoliteClient(settings, HostLedger(engine), KeptAnswers(engine), is_on=is_on)


def make_app(
    settings: Settings, *, shipped_model: Path = SHIPPED_MODEL, look_every_s: float = LOOK_EVERY_S
) -> App:
    """Put the parts together; touches neither the database nor the network.

    Args:
        settings: what the operator has set.
        shipped_model: the model that is used until another is published; it may be missing.
        look_every_s: so often at most this process looks which films have changed.

    Raises:
        CannotStart: a setting names something that cannot be used.
    """
    derived = settings.data / "titles"
    engine = make_engine(settings.database_url, connections=settings.threads + 2)
    films = film_shelf(derived, look_every_s=look_every_s)
    return App(
        settings=settings,
        engine=engine,
        sources=FilmSources(settings, lambda: _client(settings, engine), embedded=EmbeddedSource()),
        films=films,
        models=model_shelf(settings.data / "models", derived, shipped_model, films),
        titles=title_shelf(derived, look_every_s=look_every_s),
        bell=_bell(settings),
    )
