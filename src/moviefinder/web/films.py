"""Search, look up, show, similar, random; people and the values that films can be filtered by."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from flask_openapi import APIBlueprint, Tag
from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.records import GENRES
from moviefinder.services import facts, films, lookup, people, posters, sources
from moviefinder.store import jobs
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import limit_lookups, moviefinder
from moviefinder.web.security import Access, access, ask_again

blueprint = APIBlueprint(
    "films", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="films")], abp_responses=failures(400, 422)
)


@blueprint.get("/films", responses={200: schemas.FilmList})
@access(Access.PUBLIC)
def search_films(query: schemas.FilmQuery) -> schemas.FilmList:
    """Films by title as it is typed, best first; without a query the best known."""
    app = moviefinder()
    with app.reading() as session:
        found = films.search(session, app.titles.newest(session), query.q, kind=query.kind, limit=query.limit)
        shown = posters.with_posters(app, session, films.films(session, found))
        _keep_while_nothing_changes(app, session)
        return schemas.film_list(found, shown)


@blueprint.post(
    "/films/lookup", responses={200: schemas.LookedUp, **failures(400, 403, 404, 413, 415, 429, 503)}
)
@access(Access.SYSTEM)
def look_up_films(body: schemas.LookUp) -> schemas.LookedUp:
    """Ask the outside sources that are on for films by title, or by IMDb's number: two seconds in all.

    What nobody here knew is stored as known by name, so that it can be liked. A source that fails is told of and fails
    nothing else. Nobody is made a guest for having looked.
    """
    app = moviefinder()
    limit_lookups()
    found = lookup.look_up(app, body.q, source=body.source, now=datetime.now(UTC))
    with app.reading() as session:
        known = films.films(session, found.film_ids)
        return schemas.LookedUp.of(found, posters.with_posters(app, session, known))


@blueprint.get("/films/random", responses={200: schemas.Film, **failures(404)})
@access(Access.SYSTEM)
def random_film() -> schemas.Film:
    """One of the two thousand best-known films, another each time."""
    app = moviefinder()
    with app.reading() as session:
        found = films.film(session, films.random_film(session, random.SystemRandom()))
        return schemas.Film.of(posters.with_posters(app, session, {found.id: found})[found.id])


@blueprint.get("/films/<film>", responses={200: schemas.FilmDetail, **failures(404)})
@access(Access.PUBLIC)
def show_film(path: schemas.FilmPath) -> schemas.FilmDetail:
    """Everything known of one film, with the source of each fact."""
    app = moviefinder()
    with app.reading() as session:
        found = films.film(session, films.film_id_of(session, path.film))
        found = posters.with_posters(app, session, {found.id: found})[found.id]
        pending = jobs.pending(session, now=datetime.now(UTC), film_ids=[found.id])
        _keep_while_nothing_changes(app, session)
        return schemas.FilmDetail.of_detail(found, facts.detail(session, found), pending)


@blueprint.get("/films/<film>/similar", responses={200: schemas.SimilarFilmList, **failures(404)})
@access(Access.PUBLIC)
def similar_films(path: schemas.FilmPath, query: schemas.SimilarQuery) -> schemas.SimilarFilmList:
    """The films most alike by the lists of all sources, best first."""
    app = moviefinder()
    with app.reading() as session:
        known = app.films.newest(session)
        rows = films.similar(session, known, films.film_id_of(session, path.film), limit=query.limit)
        found = posters.with_posters(app, session, films.films(session, [row.film_id for row in rows]))
        _keep_while_nothing_changes(app, session)
        return schemas.SimilarFilmList(
            items=[
                schemas.SimilarFilm(
                    film=schemas.Film.of(found[row.film_id]),
                    rank=row.rank,
                    weight=row.weight,
                    source=row.sources[0][0],
                    sources=[schemas.NamedBy(source=source, rank=rank) for source, rank in row.sources],
                )
                for row in rows
                if row.film_id in found
            ]
        )


def _keep_while_nothing_changes(app: App, session: Session) -> None:
    """Where a source is on, a like changes films within seconds: browsers must ask before they use an answer again."""
    if sources.on(app, session):
        ask_again()


@blueprint.get("/genres", responses={200: schemas.GenreList})
@access(Access.PUBLIC)
def list_genres() -> schemas.GenreList:
    """The genres that films have, most frequent first."""
    app = moviefinder()
    with app.reading() as session:
        rows = films.counted(app.films.newest(session), "genres", GENRES)
    return schemas.GenreList(
        items=[schemas.Genre(slug=row.code, name=row.name, films=row.films) for row in rows]
    )


@blueprint.get("/languages", responses={200: schemas.PlaceList})
@access(Access.PUBLIC)
def list_languages() -> schemas.PlaceList:
    """The languages of films, most frequent first."""
    return _places("languages", "languages")


@blueprint.get("/countries", responses={200: schemas.PlaceList})
@access(Access.PUBLIC)
def list_countries() -> schemas.PlaceList:
    """The countries that made films, most frequent first."""
    return _places("countries", "territories")


@blueprint.get("/certificates", responses={200: schemas.PlaceList})
@access(Access.PUBLIC)
def list_certificates() -> schemas.PlaceList:
    """The certificates that films have, most frequent first."""
    return _places("certificates", None)


def _places(column: str, names: str | None) -> schemas.PlaceList:
    app = moviefinder()
    with app.reading() as session:
        rows = films.counted(app.films.newest(session), column, films.english_names(names) if names else {})
    return schemas.PlaceList(items=[schemas.Place.of(row) for row in rows])


@blueprint.get("/people", responses={200: schemas.PersonList})
@access(Access.PUBLIC)
def search_people(query: schemas.PersonQuery) -> schemas.PersonList:
    """People by name as it is typed, those with the best-known films first."""
    with moviefinder().reading() as session:
        rows = people.search(session, query.q, limit=query.limit)
    return schemas.PersonList(items=[schemas.Person.of(row) for row in rows])


@blueprint.get("/people/<int:person>", responses={200: schemas.Person, **failures(404)})
@access(Access.PUBLIC)
def show_person(path: schemas.PersonPath) -> schemas.Person:
    """A person's name, and in how many films they had a part."""
    with moviefinder().reading() as session:
        return schemas.Person.of(people.person(session, path.person))
