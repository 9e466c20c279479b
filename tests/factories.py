"""Valid objects with one word changed: `make_film(year=1999)`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from moviefinder.catalogue import (
    Catalogue,
    CodeColumns,
    CreditColumns,
    FilmColumns,
    Manifest,
    SimilarColumns,
    TitleColumns,
)
from moviefinder.recommend.model_file import Model
from moviefinder.records import Credit, FilmRecord, Kind, Ref, Role
from moviefinder.titles.fold import fold


def make_film(number: int = 1, **changed: Any) -> FilmRecord:
    """A well-known film; `number` makes its reference and title its own."""
    values: dict[str, Any] = {
        "refs": (Ref("imdb", f"tt{number:07d}"), Ref("tmdb", str(number))),
        "kind": Kind.MOVIE,
        "title": f"Film {number}",
        "year": 1990 + number % 30,
        "runtime_min": 90 + number % 60,
        "genres": ("drama",),
        "languages": ("en",),
        "countries": ("US",),
        "credits": (
            Credit(name="Ada Director", role=Role.DIRECTOR, position=0),
            Credit(name=f"Actor {number}", role=Role.ACTOR, position=0),
        ),
        "certificate": "PG",
        "score": 7.0,
        "votes": 1000,
        "sources": {"title": "movielens", "score": "movielens"},
    }
    return FilmRecord(**values | changed)


def make_catalogue(
    films: Sequence[FilmRecord],
    similar: Sequence[Sequence[tuple[int, int]]] | None = None,
    version: str = "2026.01.01-test",
) -> Catalogue:
    """A catalogue of films in the order of popularity; without lists each film names the five after it."""
    n = len(films)
    if similar is None:
        similar = [[((i + step) % n, 255 - 20 * step) for step in range(1, min(6, n))] for i in range(n)]
    people = list(dict.fromkeys(credit.name for film in films for credit in film.credits))
    refs = [{ref.namespace: ref.value for ref in film.refs} for film in films]
    titles = [
        (i, title, title == film.title)
        for i, film in enumerate(films)
        for title in dict.fromkeys(
            (film.title, *filter(None, [film.original_title]), *film.alternative_titles)
        )
    ]
    credits = [(i, credit) for i, film in enumerate(films) for credit in film.credits]
    return Catalogue(
        manifest=Manifest(
            version=version,
            checksum=json.dumps([repr(films), repr(similar), version]),
            films=n,
            counts={},
            sources=(),
        ),
        films=FilmColumns(
            kind=[str(film.kind) for film in films],
            imdb=[ref.get("imdb") for ref in refs],
            tmdb=[ref.get("tmdb") or ref.get("tmdb-tv") for ref in refs],
            sources=[dict(film.sources) for film in films],
            **{
                name: [getattr(film, name) for film in films]
                for name in (
                    *("title", "original_title", "year", "end_year", "runtime_min", "certificate"),
                    *("score", "votes", "trailer", "poster"),
                )
            },
        ),
        titles=TitleColumns(
            film=np.array([i for i, _, _ in titles], np.int32),
            title=[title for _, title, _ in titles],
            folded=[fold(title) for _, title, _ in titles],
            is_main=[is_main for _, _, is_main in titles],
        ),
        **{
            name: CodeColumns(
                film=np.array([i for i, film in enumerate(films) for _ in getattr(film, name)], np.int32),
                code=[code for film in films for code in getattr(film, name)],
            )
            for name in ("genres", "languages", "countries")
        },
        people=people,
        people_folded=[fold(name) for name in people],
        credits=CreditColumns(
            film=np.array([i for i, _ in credits], np.int32),
            person=np.array([people.index(credit.name) for _, credit in credits], np.int32),
            role=[str(credit.role) for _, credit in credits],
            position=np.array([credit.position for _, credit in credits], np.uint8),
        ),
        similar=SimilarColumns(
            offsets=np.cumsum([0, *(len(row) for row in similar)]).astype(np.int32),
            neighbours=np.array([at for row in similar for at, _ in row], np.int32),
            weights=np.array([weight for row in similar for _, weight in row], np.uint8),
        ),
    )


def make_model(rows: Sequence[Sequence[tuple[int, int, int]]], **changed: Any) -> Model:
    """A model of films 1, 2, 3 ... (as of `make_film`) out of links (row, few, many) of each, in any order."""
    n = len(rows)
    links = [sorted(row) for row in rows]
    flat = np.array([link for row in links for link in row], np.int64).reshape(-1, 3)
    values: dict[str, Any] = {
        "refs": tuple(f"imdb:tt{number:07d}" for number in range(1, n + 1)),
        "movielens_ids": np.arange(10, 10 + n, dtype=np.int32),
        "movielens_rows": np.arange(n, dtype=np.int32),
        "offsets": np.cumsum([0, *(len(row) for row in links)]).astype(np.int64),
        "targets": flat[:, 0].astype(np.uint16),
        "few": flat[:, 1].astype(np.int8),
        "many": flat[:, 2].astype(np.int8),
        "few_scale": np.full(n, 0.01, np.float32),
        "many_scale": np.full(n, 0.01, np.float32),
        "broad_source": np.zeros((n, 0), np.float32),
        "broad_target": np.zeros((n, 0), np.float32),
        "quality": np.full(n, 0.5, np.float32),
    } | changed
    for name in ("broad_source", "broad_target"):  # as a file would give them back
        values[name] = np.asarray(values[name]).astype(np.float16).astype(np.float32)
    meta = {"version": "2026.01-test", "strength": 1.2, "power": 1.6, "cap": None, "dislike": 0.5}
    return Model(**values | {"meta": meta | dict(values.get("meta", {}))})
