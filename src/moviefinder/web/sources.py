"""What leaves this machine: every outside host, what for, how it fares; switching, and trying whether one answers."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import g
from flask_openapi import APIBlueprint, Tag

from moviefinder.services import sources, switching
from moviefinder.services.accounts import roles
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import moviefinder, reader
from moviefinder.web.security import Access, access

blueprint = APIBlueprint(
    "sources",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="sources")],
    abp_responses=failures(400, 422),
)


@blueprint.get("/sources", responses={200: schemas.SourceList, **failures(401)})
@access(Access.READER)
def list_sources() -> schemas.SourceList:
    """Every outside source: whether it is on and who decided that, what it is sent, how its hosts fare."""
    app = moviefinder()
    with app.reading() as session:
        may = roles.may_switch(app.settings, reader(session))
        states = sources.states(app, session, may_operate=may)
    return schemas.SourceList(
        items=[schemas.Source.of(state) for state in states], offline=app.settings.offline
    )


@blueprint.patch(
    "/sources/<name>", responses={200: schemas.Source, **failures(401, 403, 404, 409, 413, 415, 503)}
)
@access(Access.HOUSEHOLD)
def switch_source(path: schemas.SourcePath, body: schemas.SourceSwitch) -> schemas.Source:
    """Switch a source on or off for everybody; what it has told stays until its terms end, unless it is forgotten."""
    app, now = moviefinder(), datetime.now(UTC)
    asker = g.get("asker")
    with app.transaction() as session:
        switching.switch(app, session, path.name, is_on=body.on, by=asker.user_id if asker else None, now=now)
        if body.forget:
            switching.forget(app, session, path.name)
        states = sources.states(app, session, may_operate=True)
    return schemas.Source.of(next(state for state in states if state.name == path.name))


@blueprint.post("/sources/<name>/test", responses={200: schemas.Tested, **failures(401, 403, 404)})
@access(Access.HOUSEHOLD)
def test_source(path: schemas.SourcePath) -> schemas.Tested:
    """Ask a source a small question now, and say what to do where it does not answer."""
    return schemas.Tested.of(sources.test(moviefinder(), path.name))
