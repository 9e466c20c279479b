"""For who runs this install: how it fares, who has an account, invitations; and becoming who runs it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Response
from flask_openapi import APIBlueprint, Tag

from moviefinder.errors import NotAllowed
from moviefinder.services import library, operator
from moviefinder.services.accounts import attempts, invitations
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import keep_session_alive, moviefinder, owner, reader
from moviefinder.web.security import Access, access
from moviefinder.web.verifying import attempt, verifies

blueprint = APIBlueprint(
    "operator",
    __name__,
    url_prefix="/api/v1/operator",
    abp_tags=[Tag(name="operator")],
    abp_responses=failures(400, 401, 403, 422),
)


@blueprint.get("", responses={200: schemas.Install})
@access(Access.OPERATOR)
def show_install() -> schemas.Install:
    """The install in numbers; nothing of anybody's taste."""
    app = moviefinder()
    with app.reading() as session:
        figures = operator.figures(app, session)
    keep_session_alive()
    settings = app.settings
    return schemas.Install.of(figures, registration=settings.registration, takes_guests=settings.guests)


@blueprint.get("/users", responses={200: schemas.AccountList})
@access(Access.OPERATOR)
def list_accounts(query: schemas.AccountQuery) -> schemas.AccountList:
    """Who has an account, the newest first; guests are counted, not listed."""
    with moviefinder().reading() as session:
        found = operator.accounts(session, before_id=query.before, limit=query.limit)
    keep_session_alive()
    shown = found[: query.limit]
    return schemas.AccountList(
        items=[schemas.ListedAccount.of(account) for account in shown],
        next=shown[-1].id if len(found) > len(shown) else None,
    )


@blueprint.post("/code", responses={204: None, **failures(413, 415, 429, 503)})
@access(Access.OWNER)
@verifies("operator_code")
def use_operator_code(body: schemas.OperatorCode) -> Response:
    """Become who runs this install, by the one-time code in its log."""
    asker, now = owner(), datetime.now(UTC)
    if asker.is_guest:
        raise NotAllowed("A guest is gone with the cookie. Make an account first, and enter the code then.")
    tried = attempt("operator_code", account=f"user:{asker.user_id}", now=now)
    with moviefinder().transaction() as session:
        operator.use_code(session, asker.user_id, body.code, tried, now=now)
        attempts.succeeded(session, tried)
    return Response(status=204)


@blueprint.get("/invitations", responses={200: schemas.InvitationList})
@access(Access.OPERATOR)
def list_invitations() -> schemas.InvitationList:
    """Invitations, the newest first; never their links."""
    with moviefinder().reading() as session:
        found = invitations.listed(session)
    keep_session_alive()
    return schemas.InvitationList(items=[schemas.Invitation.of(one) for one in found])


@blueprint.post("/invitations", responses={200: schemas.MadeInvitation, **failures(409, 413, 415, 503)})
@access(Access.OPERATOR)
def make_invitation(body: schemas.NewInvitation) -> schemas.MadeInvitation:
    """Make a link by which one account can be made; it is told in this answer and never again."""
    app = moviefinder()
    with app.transaction() as session:
        asker = reader(session)
        if asker is not None:
            library.hold(session, asker.user_id)
        made, token = invitations.make(
            session,
            note=body.note,
            made_by=asker.user_id if asker else None,
            lasts=timedelta(days=body.days),
            now=datetime.now(UTC),
        )
    return schemas.MadeInvitation(
        invitation=schemas.Invitation.of(made), link=invitations.link(app.settings, token)
    )


@blueprint.delete("/invitations/<int:invitation>", responses={204: None, **failures(404, 503)})
@access(Access.OPERATOR)
def take_invitation_back(path: schemas.InvitationPath) -> Response:
    """Make an invitation void at once; an account that was made with it stays."""
    with moviefinder().transaction() as session:
        invitations.take_back(session, path.invitation)
    return Response(status=204)
