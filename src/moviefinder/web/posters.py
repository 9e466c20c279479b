"""Posters out of our own cache, and which are wanted; nobody's browser asks anybody else for one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import Response, send_file
from flask_openapi import APIBlueprint, Tag

from moviefinder.errors import NotFound
from moviefinder.services import posters
from moviefinder.services.images import FORMATS, WIDTHS
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import limit_strangers, moviefinder
from moviefinder.web.security import Access, access

_FILE: Final = re.compile(
    rf"(?P<digest>[0-9a-f]{{64}})-(?P<name>(?:{'|'.join(map(str, WIDTHS))})\.(?P<extension>{'|'.join(FORMATS)}))"
)
_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",  # were it opened as a page, it could do nothing
}
_PICTURE: Final[dict[str | int, Any]] = {
    "200": {
        "description": "The picture",
        "content": {
            f"image/{extension}": {"schema": {"type": "string", "format": "binary"}} for extension in FORMATS
        },
    }
}

ASKINGS: Final = 150
"""So many times in five minutes an address may ask for posters, on an install that others reach."""

blueprint = APIBlueprint(
    "posters", __name__, abp_tags=[Tag(name="posters")], abp_responses=failures(400, 422)
)


@blueprint.post("/api/v1/posters", responses={202: schemas.Posters, **failures(403, 413, 415, 429, 503)})
@access(Access.SYSTEM)
def want_posters(body: schemas.WantedPosters) -> Response:
    """Ask for the posters of films on the screen. Ask again while some are pending; films without one are left out."""
    limit_strangers("posters", limit=ASKINGS, window=timedelta(minutes=5))
    wanted = posters.wanted(moviefinder(), set(body.films), now=datetime.now(UTC))
    return Response(schemas.Posters.of(wanted).model_dump_json(), 202, mimetype="application/json")


@blueprint.get("/posters/<file>", responses={**_PICTURE, **failures(404)})
@access(Access.PUBLIC)
def show_poster(path: schemas.PosterPath) -> Response:
    """A poster; what an address shows never changes."""
    found = _FILE.fullmatch(path.file)
    if found is None:
        raise NotFound("Posters are called by their hash, width and format: <hash>-320.webp.")
    try:
        response = send_file(
            posters.path_of(moviefinder().settings.data, found["digest"], found["name"]),
            mimetype=f"image/{found['extension']}",
            etag=path.file,
        )
    except FileNotFoundError as error:
        raise NotFound("This poster is not kept any more. Ask for the film's poster anew.") from error
    response.headers.update(_HEADERS)
    return response
