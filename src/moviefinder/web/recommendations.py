"""What to watch next: the ranked list with filters and reasons."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask_openapi import APIBlueprint, Tag

from moviefinder.errors import Invalid
from moviefinder.recommend.filters import Filters
from moviefinder.records import GENRES
from moviefinder.services import films, recommendations
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.security import Access, access, keep_session_alive, moviefinder, reader

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
    """Films that the liked ones name, best first, each with the liked films that gave most.

    Nothing that was judged, seen, saved or put off. The same request gives the same list.
    """
    app = moviefinder()
    filters = _filters(query)
    with app.reading() as session:
        asker = reader(session)
        ranked = recommendations.for_user(
            session,
            app.films.newest(session),
            asker.user_id if asker else None,
            filters=filters,
            limit=query.limit,
            cursor=query.cursor,
            today=datetime.now(UTC).date(),
        )
        shown = [item.film_id for item in ranked.items]
        reasons = {film_id for item in ranked.items for film_id, _ in item.because}
        found = films.films(session, [*shown, *sorted(reasons)])
    keep_session_alive()
    return schemas.RecommendationList.of(ranked, found)


def _filters(query: schemas.RecommendationQuery) -> Filters:
    for field in ("genre", "genre_out"):
        for slug in getattr(query, field):
            if slug not in GENRES:
                raise Invalid(f"There is no genre '{slug}'. GET /genres lists them.", field=field)
    for low, high in (("year_min", "year_max"), ("runtime_min", "runtime_max")):
        least, most = getattr(query, low), getattr(query, high)
        if least is not None and most is not None and least > most:
            raise Invalid(f"{low} is above {high}: nothing can pass. Exchange them.", field=low)
    values = query.model_dump(exclude={"limit", "cursor"})
    frozen: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return Filters(**frozen)
