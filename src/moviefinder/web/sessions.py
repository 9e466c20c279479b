"""The browsers in which somebody is signed in: listed, ended one by one and together."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response
from flask_openapi import APIBlueprint, Tag

from moviefinder.log import get_logger
from moviefinder.services.accounts import sessions
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import forget_session, keep_session_alive, moviefinder, owner
from moviefinder.web.security import Access, access

log = get_logger(__name__)

blueprint = APIBlueprint(
    "sessions",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="accounts")],
    abp_responses=failures(400, 422),
)


@blueprint.get("/sessions", responses={200: schemas.OpenSessionList, **failures(401, 403)})
@access(Access.OWNER)
def list_sessions() -> schemas.OpenSessionList:
    """The browsers in which you are signed in, the one used last first."""
    asker = owner()
    with moviefinder().reading() as session:
        found = sessions.open_sessions(session, asker.user_id, now=datetime.now(UTC))
    keep_session_alive()
    return schemas.OpenSessionList(items=[schemas.OpenSession.of(one, asker) for one in found])


@blueprint.delete("/sessions/<int:session>", responses={204: None, **failures(401, 403, 404, 503)})
@access(Access.OWNER)
def end_one_session(path: schemas.SessionPath) -> Response:
    """Sign out one browser; this one too."""
    asker = owner()
    with moviefinder().transaction() as session:
        sessions.end_one(session, asker.user_id, path.session)
    log.info("session.ended", user_id=asker.user_id)
    if path.session == asker.session_id:
        forget_session()
    return Response(status=204)


@blueprint.delete("/sessions", responses={204: None, **failures(401, 403, 503)})
@access(Access.OWNER)
def end_other_sessions() -> Response:
    """Sign out all browsers but this one."""
    asker = owner()
    with moviefinder().transaction() as session:
        ended = sessions.end_sessions(session, asker.user_id, but=[asker.session_id or 0])
    log.info("session.ended", user_id=asker.user_id, count=ended)
    return Response(status=204)
