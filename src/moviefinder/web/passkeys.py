"""Passkeys: adding, naming and removing one's own; signing in with one, and proving anew who one is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import Response
from flask_openapi import APIBlueprint, Tag
from sqlalchemy.orm import Session

from moviefinder.errors import LinkVoid, SessionEnded, SignInNeeded
from moviefinder.services.accounts import attempts, flows, invitations, passkeys, registration, signing_in
from moviefinder.services.accounts.sessions import Asker
from moviefinder.services.accounts.telling import Place, tell
from moviefinder.store.models import Flow, User
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import (
    address,
    flow_token,
    forget_flow,
    give_flow,
    give_session,
    limit_strangers,
    moviefinder,
    owner,
    require_cookies,
    user_agent,
    visitor,
)
from moviefinder.web.security import Access, access
from moviefinder.web.verifying import attempt, verifies

blueprint = APIBlueprint(
    "passkeys",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="passkeys")],
    abp_responses=failures(400, 422),
)

STARTS: Final = 60
"""So many questions in five minutes an address may have put to its browsers, on an install that others reach."""


@blueprint.get("/account/passkeys", responses={200: schemas.PasskeyList, **failures(401, 403)})
@access(Access.OWNER)
def list_passkeys() -> schemas.PasskeyList:
    """Your passkeys, oldest first."""
    with moviefinder().reading() as session:
        rows = passkeys.passkeys_of(session, owner().user_id)
    return schemas.PasskeyList(items=[schemas.Passkey.of(row) for row in rows])


@blueprint.post(
    "/account/passkeys/start",
    responses={200: schemas.PasskeyOptions, **failures(401, 403, 409, 413, 415, 429, 503)},
)
@access(Access.FRESH)
@verifies("invitation")
def start_passkey(body: schemas.PasskeyStart) -> schemas.PasskeyOptions:
    """Ask your browser for a new passkey; it must come back within ten minutes. It makes a guest an account."""
    app, asker, now = moviefinder(), owner(), datetime.now(UTC)
    tried, invitation = attempt("invitation", account=None, now=now), None
    with app.transaction() as session:
        if asker.is_guest:
            invitation = registration.allow(session, app.settings, body.invitation, tried, now=now)
        user = _person(session, asker.user_id)
        options, token = passkeys.ask_new(session, app.settings, user, invitation=invitation, now=now)
    give_flow(token, lasts=flows.LASTS)
    return schemas.PasskeyOptions(options=options)


@blueprint.post(
    "/account/passkeys", responses={200: schemas.Passkey, **failures(401, 403, 409, 413, 415, 429, 503)}
)
@access(Access.FRESH)
@verifies("passkey", "sign_up")
def add_passkey(body: schemas.NewPasskey) -> schemas.Passkey:
    """Keep the passkey that your browser made. All other sessions end; this one goes on under a new token."""
    app, asker, now = moviefinder(), owner(), datetime.now(UTC)
    tried = attempt("passkey", account=body.credential.id, now=now)
    if asker.is_guest:
        attempt("sign_up", account=None, now=now)
    flow = _taken(passkeys.NEW, now=now)
    if flow.user_id != asker.user_id:
        raise LinkVoid("This was begun by somebody else. Begin again.")
    with app.transaction() as session:
        row = passkeys.add(session, app.settings, flow, body.credential.model_dump(), body.name, now=now)
        if invitation := flow.data["invitation"]:
            invitations.take(session, invitation, asker.user_id, now=now)
        attempts.succeeded(session, tried)
        _go_on(session, asker, now)
        _tell(session, asker, "passkey_added", now)
    return schemas.Passkey.of(row)


@blueprint.patch(
    "/account/passkeys/<int:passkey>",
    responses={200: schemas.Passkey, **failures(401, 403, 404, 413, 415, 503)},
)
@access(Access.OWNER)
def rename_passkey(path: schemas.PasskeyPath, body: schemas.PasskeyRename) -> schemas.Passkey:
    """Give a passkey another name."""
    with moviefinder().transaction() as session:
        return schemas.Passkey.of(passkeys.rename(session, owner().user_id, path.passkey, body.name))


@blueprint.delete(
    "/account/passkeys/<int:passkey>", responses={204: None, **failures(401, 403, 404, 409, 503)}
)
@access(Access.FRESH)
def remove_passkey(path: schemas.PasskeyPath) -> Response:
    """Have a passkey open nothing any more. All other sessions end; this one goes on under a new token."""
    app, asker, now = moviefinder(), owner(), datetime.now(UTC)
    with app.transaction() as session:
        passkeys.remove(session, app.settings, asker.user_id, path.passkey)
        _go_on(session, asker, now)
        _tell(session, asker, "passkey_removed", now)
    return Response(status=204)


@blueprint.post(
    "/session/passkey/start",
    responses={200: schemas.PasskeyOptions, **failures(401, 403, 404, 413, 415, 429, 503)},
)
@access(Access.VISITOR)
def start_sign_in(body: schemas.SignInStart) -> schemas.PasskeyOptions:
    """Ask your browser for a passkey, without saying whose; it must come back within ten minutes."""
    app, now = moviefinder(), datetime.now(UTC)
    require_cookies(app.settings)
    limit_strangers("passkey-start", limit=STARTS, window=timedelta(minutes=5))
    with app.transaction(lasting=False) as session:
        asker = visitor(session)
        if body.again and (asker is None or asker.is_guest):
            raise SignInNeeded("Your session has ended. Sign in.")
        user_id = asker.user_id if asker is not None and body.again else None
        options, token = passkeys.ask(session, app.settings, user_id=user_id, now=now)
    give_flow(token, lasts=flows.LASTS)
    return schemas.PasskeyOptions(options=options)


@blueprint.post(
    "/session/passkey", responses={200: schemas.Session, **failures(401, 403, 409, 413, 415, 429, 503)}
)
@access(Access.VISITOR)
@verifies("passkey")
def sign_in(body: schemas.PasskeySignIn) -> schemas.Session:
    """Sign in with a passkey, alone or after the password, or prove once more who you are."""
    app, now = moviefinder(), datetime.now(UTC)
    tried = attempt("passkey", account=body.credential.id, now=now)
    flow = _taken(passkeys.SIGN_IN, passkeys.SECOND, passkeys.AGAIN, now=now)
    with app.reading() as session:
        proof = passkeys.prove(session, app.settings, flow, body.credential.model_dump(), tried)
    with app.transaction() as session:
        before = visitor(session)
        if flow.purpose == passkeys.AGAIN and (before is None or before.user_id != flow.user_id):
            raise SignInNeeded("Your session has ended meanwhile. Sign in.")
        asker, token = signing_in.sign_in(
            session,
            _person(session, proof.user_id),
            way="password" if flow.purpose == passkeys.SECOND else "passkey",
            asker=before,
            address=address(),
            user_agent=user_agent(),
            now=now,
        )
        passkeys.use(session, proof, tried, now=now)
    give_session(asker, token)
    return schemas.Session.of(asker)


def _taken(*purposes: str, now: datetime) -> Flow:
    """What this browser had begun; over at once and for good, so that no answer can be tried twice."""
    with moviefinder().transaction() as session:
        flow = flows.take(session, flow_token(), *purposes, now=now)
    forget_flow()
    return flow


def _person(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise SessionEnded("This account is not there any more.")
    return user


def _go_on(session: Session, asker: Asker, now: datetime) -> None:
    """A new token for this browser, and an end of all other sessions: the ways in have changed."""
    seen: dict[str, Any] = {"address": address(), "user_agent": user_agent(), "now": now}
    if asker.is_guest:
        renewed = signing_in.upgrade(session, moviefinder().settings, asker, way="passkey", **seen)
    else:
        renewed = signing_in.renew(session, asker, **seen)
    give_session(*renewed)


def _tell(session: Session, asker: Asker, template: str, now: datetime) -> None:
    """Tell the person by mail, where they have an address here."""
    user, place = _person(session, asker.user_id), Place(address=address(), user_agent=user_agent())
    tell(session, user, signing_in.email_of(session, user.id), template, place, now)
