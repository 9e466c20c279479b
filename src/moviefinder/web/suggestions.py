"""Our titles in the address and answer shape of IMDb's suggestion files, so that clients written for those work."""

from __future__ import annotations

import json

from flask import Response
from flask_openapi import APIBlueprint, Tag

from moviefinder.services import films
from moviefinder.titles.suggestion import MOST_ROWS, suggestion, suggestion_query
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import moviefinder
from moviefinder.web.security import Access, access

blueprint = APIBlueprint(
    "suggestions",
    __name__,
    url_prefix="/suggestion",
    abp_tags=[Tag(name="suggestions")],
    abp_responses=failures(400, 422),
)


@blueprint.get("/<letter>/<path:query>.json", responses={200: schemas.SuggestionFile})
@access(Access.PUBLIC)
def suggest(path: schemas.SuggestionPath, query: schemas.SuggestionQuery) -> Response:
    """At most eight films for what was typed so far. The letter may be any; clients send `x` or the first one."""
    return _file(path, query)


@blueprint.get("/titles/<letter>/<path:query>.json", responses={200: schemas.SuggestionFile})
@access(Access.PUBLIC)
def suggest_titles(path: schemas.SuggestionPath, query: schemas.SuggestionQuery) -> Response:
    """The same: there are only titles here."""
    return _file(path, query)


def _file(path: schemas.SuggestionPath, _query: schemas.SuggestionQuery) -> Response:
    app = moviefinder()
    typed = suggestion_query(path.query)
    with app.reading() as session:
        found = films.search(session, app.titles.newest(session), typed, kind=None, limit=MOST_ROWS)
        rows = films.suggestion_rows(session, found)
    # IMDb leaves out what is unknown, so the row says what it has rather than null.
    return Response(json.dumps(suggestion(typed, rows)), mimetype="application/json")
