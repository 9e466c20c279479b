"""All that is kept of who asks: taken along, or erased."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import IO, Any, Final

from flask import Response
from flask_openapi import APIBlueprint, Tag

from moviefinder.log import get_logger
from moviefinder.services import export
from moviefinder.services.accounts import erasing
from moviefinder.web.answers import failures
from moviefinder.web.askers import address, forget_flow, forget_session, moviefinder, owner, user_agent
from moviefinder.web.security import Access, access

log = get_logger(__name__)

blueprint = APIBlueprint(
    "account_data",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="accounts")],
    abp_responses=failures(400, 401, 403, 422),
)

PIECE: Final = 65_536  # bytes

_ARCHIVE: Final[dict[str | int, Any]] = {
    "200": {
        "description": "The archive",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@blueprint.get("/exports/all.zip", responses=_ARCHIVE)
@access(Access.FRESH)
def export_all() -> Response:
    """Everything that is kept of who asks, as an archive of JSON and CSV files with a README."""
    app, now = moviefinder(), datetime.now(UTC)
    user_id = owner().user_id
    # Written whole before it is sent: a slow client must not hold a snapshot of the database. The file has no name.
    file = TemporaryFile(dir=app.settings.data)  # noqa: SIM115  # closed with the response
    try:
        with app.reading() as session:
            export.write(session, user_id, file, now=now)
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    log.info("exported", user_id=user_id, bytes=size)
    response = Response(_pieces(file), mimetype="application/zip", direct_passthrough=True)
    response.content_length = size
    response.headers["Content-Disposition"] = f'attachment; filename="{export.file_name(now.date())}"'
    response.headers["Cache-Control"] = "no-store"
    response.call_on_close(file.close)
    return response


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


@blueprint.delete("/account", responses={204: None, **failures(503)})
@access(Access.FRESH)
def erase_account() -> Response:
    """Erase who asks: everything they said, everything that says who they are. It cannot be undone."""
    app = moviefinder()
    with app.transaction() as session:
        erasing.erase(
            session,
            app.settings,
            owner().user_id,
            address=address(),
            user_agent=user_agent(),
            now=datetime.now(UTC),
        )
    forget_session()
    forget_flow()
    return Response(status=204)
