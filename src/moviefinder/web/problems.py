"""Exceptions become `application/problem+json` (RFC 9457): what happened, to what, what to do; never our inside."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from moviefinder.errors import Busy, Invalid, MovieFinderError, NotAllowed
from moviefinder.log import get_logger
from moviefinder.web.schemas import FieldProblem, Problem

log = get_logger(__name__)

MEDIA_TYPE = "application/problem+json"


def request_id() -> str:
    """The id of this request, made when first asked for."""
    if "request_id" not in g:
        g.request_id = uuid.uuid4().hex
    return str(g.request_id)


def problem(
    status: int,
    title: str,
    *,
    kind: str | None = None,
    detail: str | None = None,
    errors: list[FieldProblem] | None = None,
    retry_after_s: float | None = None,
    **more: Any,
) -> Response:
    """A problem document; `more` are further members that the problem type defines."""
    document = Problem(
        type=f"/problems/{kind}" if kind else "about:blank",
        title=title,
        status=status,
        detail=detail,
        instance=request.path,
        request_id=request_id(),
        errors=errors,
    )

    body = document.model_dump(mode="json", exclude_none=True) | more
    response = Response(json.dumps(body), status, mimetype=MEDIA_TYPE)
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
    return response


def invalid_fields(error: ValidationError) -> Response:
    """The answer to a query or body of the wrong shape: each field with its problem."""
    errors = [
        FieldProblem(field=".".join(map(str, row["loc"])) or "body", problem=row["msg"])
        for row in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    detail = "; ".join(f"{row.field}: {row.problem}" for row in errors[:3])
    return problem(422, "Validation failed", kind="validation", detail=detail, errors=errors[:20])


def install(app: Flask, *, not_found: Callable[[], Response | None]) -> None:
    """Answer every exception of the app with a problem document; an address that is none may have a page instead."""

    @app.errorhandler(MovieFinderError)
    def ours(error: MovieFinderError) -> Response:
        errors = None
        if isinstance(error, Invalid) and error.field:
            errors = [FieldProblem(field=error.field, problem=error.message)]
        if isinstance(error, NotAllowed):
            log.info("refused", reason=error.problem, endpoint=request.endpoint)
        return problem(
            error.status,
            error.title,
            kind=error.problem,
            detail=error.message,
            errors=errors,
            retry_after_s=error.retry_after_s,
            **error.more,
        )

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        code = error.code or 500
        if code == 404 and (page := not_found()):
            return page
        detail = error.description if code in (413, 415) else None
        response = problem(code, HTTPStatus(code).phrase, detail=detail)
        if methods := getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(sorted(methods))
        return response

    @app.errorhandler(OperationalError)
    def database(error: OperationalError) -> Response:
        log.error("database.unavailable", exc_info=error)  # Flask caught it
        return ours(Busy("The database does not answer now. Try again in a moment.", retry_after_s=5))

    @app.errorhandler(DBAPIError)
    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("request.failed", exc_info=error, endpoint=request.endpoint)  # Flask caught it
        return problem(500, "Internal Server Error", detail="Something went wrong here; it was logged.")
