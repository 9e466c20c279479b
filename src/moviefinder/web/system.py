"""For machines: health, the API document, browsers' policy reports."""

from __future__ import annotations

from flask import Response, current_app, request
from flask_openapi import APIBlueprint, Tag
from sqlalchemy.exc import DBAPIError

from moviefinder.log import get_logger
from moviefinder.services import catalogue
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import moviefinder
from moviefinder.web.security import Access, access

log = get_logger(__name__)

blueprint = APIBlueprint("system", __name__, abp_tags=[Tag(name="system")], abp_responses=failures(400, 422))


@blueprint.get("/healthz", responses={200: schemas.Health})
@access(Access.SYSTEM)
def healthz() -> schemas.Health:
    """Whether the process answers at all."""
    return schemas.Health(status="ok")


@blueprint.get("/readyz", responses={200: schemas.Health, 503: schemas.Health})
@access(Access.SYSTEM)
def readyz() -> schemas.Health | Response:
    """Whether searches and recommendations are answered: database open, catalogue installed and in memory."""
    app = moviefinder()
    try:
        with app.reading() as session:
            version = catalogue.installed_version(session)
            if version is not None:
                app.films.newest(session)
                app.models.newest(session)
                app.titles.newest(session)
                return schemas.Health(status="ok", catalogue=version)
    except DBAPIError:
        log.warning("not_ready", exc_info=True)
    return Response(schemas.Health(status="not ready").model_dump_json(), 503, mimetype="application/json")


@blueprint.get("/openapi.json", doc_ui=False)
@access(Access.PUBLIC)
def openapi() -> dict[str, object]:
    """This API, as OpenAPI describes it."""
    document: dict[str, object] = current_app.api_doc  # type: ignore[attr-defined]  # Flask knows its own class only
    return document


@blueprint.post("/csp-reports", doc_ui=False)
@access(Access.REPORT)
def csp_report() -> Response:
    """Take a browser's report that something of the page was blocked; only that there was one is logged."""
    log.warning("csp.report", bytes=min(request.content_length or 0, 1_000_000))
    return Response(status=204)
