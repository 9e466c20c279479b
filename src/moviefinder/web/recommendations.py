"""What to watch next: the ranked list with filters and reasons, the answers to reasons, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response
from flask_openapi import APIBlueprint, Tag
from sqlalchemy.orm import Session

from moviefinder.errors import Invalid
from moviefinder.recommend.filters import Filters
from moviefinder.records import GENRES
from moviefinder.services import answers, films, posters, recommendations, track
from moviefinder.store import jobs
from moviefinder.store.shelves import Films
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import keep_session_alive, moviefinder, reader
from moviefinder.web.repeats import written_once
from moviefinder.web.security import Access, access

blueprint = APIBlueprint(
    "recommendations",
    __name__,
    url_prefix="/api/v1/recommendations",
    abp_tags=[Tag(name="recommendations")],
    abp_responses=failures(400, 422),
)


@blueprint.get("", responses={200: schemas.RecommendationList, **failures(401)})
@access(Access.READER)
def recommend(query: schemas.RecommendationQuery) -> schemas.RecommendationList:
    """Films that the liked ones speak for, best first, each with the liked films that gave most.

    Nothing that was judged, seen, saved or put off. The dials lean the list and take nothing off it. The same request
    gives the same list.
    """
    app = moviefinder()
    filters = _filters(query)
    with app.reading() as session:
        asker = reader(session)
        learned = app.models.newest(session)

        def rank(among: Films) -> recommendations.Recommendations:
            return recommendations.for_user(
                session,
                among,
                asker.user_id if asker else None,
                learned=learned,
                by=query.by,
                known=query.known,
                spread=query.spread,
                filters=filters,
                limit=query.limit,
                cursor=query.cursor,
                today=datetime.now(UTC).date(),
            )

        ranked = rank(app.films.newest(session))
        if asker is not None and ranked.hint == "empty_taste" and app.films.is_behind(session):
            # All that they like may have come just now; who has liked a film is not told to like one.
            ranked = rank(app.films.newest(session, whole=True))
        shown = [item.film_id for item in ranked.items]
        answered = answers.of_films(session, asker.user_id, shown) if asker else []
        reasons = {film_id for item in ranked.items for film_id, _ in item.because}
        reasons |= {reason.because_id for reason in answered}
        found = films.films(session, [*shown, *sorted(reasons)])
        found |= posters.with_posters(app, session, {id_: found[id_] for id_ in shown if id_ in found})
        now = datetime.now(UTC)
        pending = [jobs.pending(session, now=now, film_ids=shown)]
        if asker is not None:  # none of their films is among those that are shown
            pending.append(jobs.pending(session, now=now, user_id=asker.user_id))
        if app.films.is_behind(session):  # what has just arrived is in the next answer
            pending.append(jobs.Pending(fetching=1, waiting=0))
    keep_session_alive()
    return schemas.RecommendationList.of(ranked, found, answered, pending)


@blueprint.get("/because", responses={200: schemas.PastReasonList, **failures(401)})
@access(Access.READER)
def list_answered_reasons(query: schemas.PastReasonQuery) -> schemas.PastReasonList:
    """The answers to reasons that count, newest first."""
    with moviefinder().reading() as session:
        asker = reader(session)
        rows = answers.newest(session, asker.user_id, limit=query.limit) if asker else []
        found = films.films(session, sorted({id_ for row in rows for id_ in (row.film_id, row.because_id)}))
    keep_session_alive()
    return schemas.PastReasonList(items=[schemas.PastReason.of(row, found) for row in rows])


@blueprint.put(
    "/<film>/because/<because>",
    responses={200: schemas.AnsweredReason, **failures(400, 401, 403, 404, 409, 413, 415, 429, 503)},
)
@access(Access.WRITER)
def answer_reason(path: schemas.ReasonPath, body: schemas.ReasonAnswer) -> Response | schemas.AnsweredReason:
    """Answer a reason: `not` because of this one, or `more` like this side of it.

    It counts while the film that is named is liked. Doing it twice is doing it once; `Idempotency-Key` as in
    `PATCH /library/{film}`, for the answer that stood before.
    """

    def write(session: Session, user_id: int) -> schemas.AnsweredReason:
        film_id, because_id = _pair(session, path)
        now = datetime.now(UTC)
        return schemas.AnsweredReason.of(
            answers.answer(session, user_id, film_id, because_id, body.say, now=now)
        )

    return written_once(write)


@blueprint.delete(
    "/<film>/because/<because>",
    responses={200: schemas.AnsweredReason, **failures(401, 403, 404, 429, 503)},
)
@access(Access.WRITER)
def take_reason_back(path: schemas.ReasonPath) -> Response | schemas.AnsweredReason:
    """Take the answer to a reason back; the answer that stood is told, for undoing."""

    def write(session: Session, user_id: int) -> schemas.AnsweredReason:
        return schemas.AnsweredReason.of(answers.take_back(session, user_id, *_pair(session, path)))

    return written_once(write)


def _pair(session: Session, path: schemas.ReasonPath) -> tuple[int, int]:
    film, because = (films.film_id_of(session, one, for_writing=True) for one in (path.film, path.because))
    return film, because


@blueprint.post("/shown", responses={204: None, **failures(400, 401, 403, 413, 415, 503)})
@access(Access.READER)
def note_shown(body: schemas.ShownFilms) -> Response:
    """Note which films were seen on the page, for the record; films that are not known are passed over.

    Nobody is made a guest for having looked.
    """
    app = moviefinder()
    now = datetime.now(UTC)
    ranks = {shown.film: shown.rank for shown in reversed(body.films)}  # named twice: the first counts
    with app.reading() as session:
        asker = reader(session)
        if asker is None:
            return Response(status=204)
        engine, confidence = recommendations.confidence_of(
            session,
            app.films.newest(session),
            asker.user_id,
            sorted(ranks),
            learned=app.models.newest(session),
            today=now.date(),
        )
    with app.transaction() as session:
        track.note_shown(session, asker.user_id, ranks, model=engine, confidence=confidence, now=now)
    return Response(status=204)


@blueprint.get("/record", responses={200: schemas.Record, **failures(401)})
@access(Access.READER)
def show_record() -> schemas.Record:
    """Of the films that were tried from here, how many were liked; beside it a list of the best-known films."""
    with moviefinder().reading() as session:
        asker = reader(session)
        record = track.record(session, asker.user_id) if asker else track.Record()
    keep_session_alive()
    return schemas.Record.of_record(record)


@blueprint.delete("/record", responses={204: None, **failures(401, 403, 503)})
@access(Access.READER)
def erase_record() -> Response:
    """Forget what was shown; what was said of films stays."""
    with moviefinder().transaction() as session:
        if (asker := reader(session)) is not None:
            track.erase(session, asker.user_id)
    return Response(status=204)


def _filters(query: schemas.RecommendationQuery) -> Filters:
    for field in ("genre", "genre_out"):
        for slug in getattr(query, field):
            if slug not in GENRES:
                raise Invalid(f"There is no genre '{slug}'. GET /genres lists them.", field=field)
    for low, high in (("year_min", "year_max"), ("runtime_min", "runtime_max")):
        least, most = getattr(query, low), getattr(query, high)
        if least is not None and most is not None and least > most:
            raise Invalid(f"{low} is above {high}: nothing can pass. Exchange them.", field=low)
    values = query.model_dump(exclude={"known", "spread", "by", "limit", "cursor"})
    frozen: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return Filters(**frozen)
