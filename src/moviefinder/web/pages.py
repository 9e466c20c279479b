"""The page: one document for every address of it, and the files it is made of."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, redirect, request, send_file
from werkzeug.wrappers import Response as BaseResponse

from moviefinder.errors import FilmNotFound, Invalid
from moviefinder.services import films
from moviefinder.web.askers import moviefinder
from moviefinder.web.security import Access, access

STATIC: Final = Path(__file__).parent / "static"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_REVALIDATE: Final = "no-cache"

mimetypes.add_type("application/manifest+json", ".webmanifest")
mimetypes.add_type("font/woff2", ".woff2")

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
@blueprint.get("/search")
@blueprint.get("/library")
@blueprint.get("/about")
@blueprint.get("/leaving")
@blueprint.get("/kept")
@blueprint.get("/sign-in")
@blueprint.get("/sign-up")
@blueprint.get("/account")
@blueprint.get("/operator")
@blueprint.get("/link/<any('confirm', 'reset', 'email', 'unlock'):_purpose>")
@blueprint.get("/film/<int:_film>")
@access(Access.PUBLIC)
def page(_film: int = 0, _purpose: str = "") -> Response:
    """The document; what it shows is decided in the browser by the address."""
    if not (STATIC / "index.html").is_file():
        text = "The page has not been built. Run 'make ui', or install a released package."
        return Response(text, 503, {"Cache-Control": "no-store"}, mimetype="text/plain")
    return _file("index.html", _REVALIDATE)


@blueprint.get("/film/<film>")
@access(Access.PUBLIC)
def film_by_reference(film: str) -> BaseResponse:
    """A link with a reference, as the API takes it, leads to the film's own address."""
    try:
        with moviefinder().reading() as session:
            film_id = films.film_id_of(session, film)
    except (FilmNotFound, Invalid):
        abort(404)
    return redirect(f"/film/{film_id}", 302)


@blueprint.get("/assets/<path:name>")
@access(Access.PUBLIC)
def asset(name: str) -> Response:
    """A part of the page; its name holds a hash of its content."""
    return _file(f"assets/{name}", _FOR_EVER)


@blueprint.get(
    "/<any('icon.svg', 'icon-192.png', 'icon-512.png', 'manifest.webmanifest', 'favicon.ico'):name>"
)
@access(Access.PUBLIC)
def root_file(name: str) -> Response:
    """What browsers look for at the root."""
    return _file("icon-192.png" if name == "favicon.ico" else name, _REVALIDATE)


def not_found() -> Response | None:
    """The document for an address that is none, where a person asks; it says so in the page's own words."""
    is_person = request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
    is_data = request.path.startswith(("/api/", "/suggestion/", "/assets/"))
    if (
        request.method not in ("GET", "HEAD")
        or not is_person
        or is_data
        or not (STATIC / "index.html").is_file()
    ):
        return None
    response = _file("index.html", _REVALIDATE)
    response.status_code = 404
    return response


def _file(name: str, keep: str) -> Response:
    """A file of the page, packed where the browser takes that and a packed one was built."""
    path = (STATIC / name).resolve()
    if not path.is_relative_to(STATIC.resolve()) or not path.is_file() or path.suffix in (".gz", ".br"):
        abort(404)
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = path.with_name(f"{path.name}.gz")
    is_packed = packed.is_file() and request.accept_encodings["gzip"] > 0
    response = send_file(packed if is_packed else path, mimetype=media_type, conditional=True)
    response.headers["Cache-Control"] = keep
    if packed.is_file():
        response.headers["Vary"] = "Accept-Encoding"
    if is_packed:
        response.headers["Content-Encoding"] = "gzip"
    return response
