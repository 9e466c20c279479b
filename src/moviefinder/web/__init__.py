"""The HTTP face: the API, IMDb-shaped suggestion files, and the page."""

from __future__ import annotations

import time

import structlog
from flask import Response, g, request
from flask_openapi import Info
from werkzeug.middleware.proxy_fix import ProxyFix

from moviefinder import __version__
from moviefinder.app import App, make_app
from moviefinder.config import load_settings
from moviefinder.log import get_logger
from moviefinder.services.accounts import passwords
from moviefinder.web import (
    account_data,
    accounts,
    auth,
    films,
    jobs,
    library,
    operator,
    pages,
    passkeys,
    posters,
    problems,
    recommendations,
    schemas,
    security,
    sessions,
    sources,
    suggestions,
    system,
    tokens,
)
from moviefinder.web.answers import Api

__all__ = ["create_app"]

log = get_logger(__name__)


def create_app(app: App | None = None) -> Api:
    """The WSGI application over an App; without one, over one made from the settings in file and environment.

    The database must have been prepared (`moviefinder serve` and `moviefinder db upgrade` do that).
    """
    app = app or make_app(load_settings())
    flask = Api(
        __name__,
        static_folder=None,
        doc_ui=False,
        info=Info(title="MovieFinder", version=__version__),
        validation_error_status=422,
        validation_error_model=schemas.Problem,
        validation_error_callback=problems.invalid_fields,
    )
    flask.extensions["moviefinder"] = app
    flask.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    problems.install(flask, not_found=pages.not_found)
    _log_requests(flask)
    security.install(flask, app.settings)
    passwords.ROOM.limit_places(app.settings.threads // 2)  # the other half is for those who do not sign in
    for module in (
        films,
        suggestions,
        posters,
        library,
        recommendations,
        accounts,
        sessions,
        operator,
        account_data,
        auth,
        passkeys,
        tokens,
        sources,
        jobs,
        system,
    ):
        flask.register_api(module.blueprint)
    flask.register_blueprint(auth.pages)
    flask.register_blueprint(pages.blueprint)
    if app.settings.proxies:
        hops = app.settings.proxies
        flask.wsgi_app = ProxyFix(flask.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return flask


def _log_requests(flask: Api) -> None:
    """One line a request: which view, which status, how long; never the query."""

    @flask.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=problems.request_id())

    @flask.after_request
    def end(response: Response) -> Response:
        took_ms = round((time.perf_counter() - g.began) * 1000, 1)
        log.info(
            "request",
            method=request.method,
            endpoint=request.endpoint,
            status=response.status_code,
            took_ms=took_ms,
        )
        response.headers["X-Request-ID"] = problems.request_id()
        return response
