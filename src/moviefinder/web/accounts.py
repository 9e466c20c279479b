"""Who the user is. Guests come of themselves with the first write; ways to sign in come later."""

from __future__ import annotations

from flask import Response
from flask_openapi import APIBlueprint, Tag

from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import end_session, moviefinder, reader
from moviefinder.web.security import Access, access

blueprint = APIBlueprint(
    "accounts",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="accounts")],
    abp_responses=failures(400, 422),
)


@blueprint.get("/session", responses={200: schemas.Session, **failures(401)})
@access(Access.READER)
def show_session() -> schemas.Session:
    """Who asks; nobody without a cookie."""
    with moviefinder().reading() as session:
        asker = reader(session)
    return schemas.Session.of(asker)


@blueprint.delete("/session", responses={204: None, **failures(403)})
@access(Access.ENDING)
def delete_session() -> Response:
    """End the session, also one that had ended, and have the browser forget it."""
    end_session()
    return Response(status=204)
