"""Tokens of the asker's programs: made, listed, revoked."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response
from flask_openapi import APIBlueprint, Tag

from moviefinder.services.accounts import tokens
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import keep_session_alive, moviefinder, owner
from moviefinder.web.security import Access, access

blueprint = APIBlueprint(
    "tokens",
    __name__,
    url_prefix="/api/v1/account/tokens",
    abp_tags=[Tag(name="accounts")],
    abp_responses=failures(400, 401, 403, 422),
)


@blueprint.get("", responses={200: schemas.TokenList})
@access(Access.OWNER)
def list_tokens() -> schemas.TokenList:
    """The tokens of who asks, newest first; never their secrets."""
    with moviefinder().reading() as session:
        found = tokens.of_user(session, owner().user_id)
    keep_session_alive()
    return schemas.TokenList(items=[schemas.Token.of(token) for token in found])


@blueprint.post("", responses={200: schemas.MadeToken, **failures(409, 413, 415, 503)})
@access(Access.FRESH)
def make_token(body: schemas.NewToken) -> schemas.MadeToken:
    """Make a token for a program; its secret is told in this answer and never again."""
    with moviefinder().transaction() as session:
        made, secret = tokens.make(
            session, owner().user_id, name=body.name, scope=body.scope, now=datetime.now(UTC)
        )
    return schemas.MadeToken(token=schemas.Token.of(made), secret=secret)


@blueprint.delete("/<int:token>", responses={204: None, **failures(404, 503)})
@access(Access.OWNER)
def revoke_token(path: schemas.TokenPath) -> Response:
    """End a token at once."""
    with moviefinder().transaction() as session:
        tokens.revoke(session, owner().user_id, path.token)
    return Response(status=204)
