"""Signing in elsewhere: a browser is sent to a provider and comes back; ways are taken off; Facebook asks to delete.

Nothing that a provider does or fails to do is a failure of ours: whoever comes back is shown a page that says what
happened (`?problem=`), and who has not gone yet is told so.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape
from typing import Final
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, current_app, redirect, request
from flask_openapi import APIBlueprint, Tag
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response as BaseResponse

from moviefinder.config import LOOPBACK
from moviefinder.errors import (
    Invalid,
    LinkVoid,
    MovieFinderError,
    NotAllowed,
    ProviderFailed,
    SignInAgain,
    SignInNeeded,
)
from moviefinder.log import get_logger
from moviefinder.services.accounts import flows, registration, signing_in
from moviefinder.services.accounts.attempts import Attempt
from moviefinder.services.accounts.providers import deletion, linking, returning
from moviefinder.services.accounts.providers.known import Providers
from moviefinder.services.accounts.providers.proof import Proof
from moviefinder.services.accounts.sessions import Asker
from moviefinder.store.hosts import HostLedger
from moviefinder.store.models import Flow
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import (
    address,
    flow_token,
    forget_flow,
    give_flow,
    give_session,
    host_name,
    limit_strangers,
    moviefinder,
    owner,
    require_cookies,
    user_agent,
    visitor,
)
from moviefinder.web.security import Access, access
from moviefinder.web.verifying import attempt, verifies

log = get_logger(__name__)

blueprint = APIBlueprint(
    "auth",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="accounts")],
    abp_responses=failures(400, 422),
)
pages = Blueprint("auth_pages", __name__)

STARTS: Final = 60
"""So many sign-ins elsewhere an address may begin in five minutes, on an install that others reach."""
_ACCOUNT: Final = "/account"


@blueprint.post(
    "/auth/<provider>",
    responses={200: schemas.Elsewhere, **failures(401, 403, 404, 409, 413, 415, 424, 429, 503)},
)
@access(Access.VISITOR)
@verifies("invitation")
def begin(path: schemas.ProviderPath, body: schemas.SignInElsewhere) -> schemas.Elsewhere:
    """Begin to sign in with a provider, to link it, or to prove anew who you are; within ten minutes."""
    app, providers, now = moviefinder(), _providers(), datetime.now(UTC)
    require_cookies(app.settings)
    providers.check(path.provider)
    limit_strangers("provider-start", limit=STARTS, window=timedelta(minutes=5))
    invitation = None
    if body.invitation is not None:
        counted = attempt("invitation", account=None, now=now)
        with app.reading() as session:
            invitation = registration.allow(session, app.settings, body.invitation, counted, now=now)
    with app.reading() as session:
        asker = visitor(session)
    _check_intent(body.intent, asker, now)
    redirect_uri = f"{_own_address()}/auth/{path.provider}/callback"
    begun = providers.begin(path.provider, redirect_uri, anew=body.intent == "again")
    with app.transaction(lasting=False) as session:
        token = returning.note(
            session,
            path.provider,
            begun,
            intent=body.intent,
            goes_to=body.next or ("/" if body.intent == "sign_in" else _ACCOUNT),
            redirect_uri=redirect_uri,
            invitation=invitation,
            asker=asker,
            now=now,
        )
    give_flow(token, lasts=flows.LASTS)
    return schemas.Elsewhere(location=begun.location)


@pages.get("/auth/<provider>/callback")
@access(Access.RETURNING)
@verifies("provider_return", "sign_up")
def come_back(provider: str) -> BaseResponse:
    """Where a provider sends the browser back to; shows a page of ours, whatever came of it."""
    app, providers, now = moviefinder(), _providers(), datetime.now(UTC)
    providers.check(provider)
    shown = "/sign-in"
    try:
        counted = attempt("provider_return", account=None, now=now)
        with app.transaction() as session:
            flow = returning.take(session, flow_token(), provider, _said("state"), counted, now=now)
        forget_flow()
        if flow.data["intent"] != "sign_in":
            shown = _ACCOUNT
        said = {name: value for name in ("code", "error", "iss") if (value := _said(name))}
        proof = providers.finish(provider, said, flow.data, flow.data["redirect_uri"], now=now)
        _finish(flow, proof, counted)
        shown = flow.data["goes_to"]
    except LinkVoid as error:
        if _is_signed_in():  # a second click on the provider's button: the first has done it
            return redirect(_ACCOUNT, 303)
        shown = _with_problem(shown, provider, error)
    except MovieFinderError as error:
        shown = _with_problem(shown, provider, error)
    return redirect(shown, 303)


@blueprint.delete(
    "/account/identities/<int:identity>", responses={204: None, **failures(401, 403, 404, 409, 503)}
)
@access(Access.FRESH)
def unlink(path: schemas.IdentityPath) -> Response:
    """Take a way to sign in off. All other sessions end; this one goes on under a new token."""
    app, asker, now = moviefinder(), owner(), datetime.now(UTC)
    where, with_what = address(), user_agent()
    with app.transaction() as session:
        linking.unlink(
            session,
            app.settings,
            asker.user_id,
            path.identity,
            address=where,
            user_agent=with_what,
            now=now,
        )
        given = signing_in.renew(session, asker, address=where, user_agent=with_what, now=now)
    give_session(*given)
    return Response(status=204)


@pages.post("/auth/facebook/deletion")
@access(Access.CALLBACK)
@verifies("facebook_deletion")
def delete_by_request() -> dict[str, str]:
    """What Facebook calls when somebody asks it to have their data deleted here."""
    app, now = moviefinder(), datetime.now(UTC)
    counted = attempt("facebook_deletion", account=None, now=now)
    signed_request = request.form.get("signed_request")
    if signed_request is None:
        raise Invalid("The form has no signed_request.", field="signed_request")
    with app.transaction() as session:
        code = deletion.erase_by_request(
            session, app.settings, signed_request, counted, address=address(), now=now
        )
    return {"url": f"{app.settings.address}/auth/facebook/deletion/{code}", "confirmation_code": code}


@pages.get("/auth/facebook/deletion/<code>")
@access(Access.SYSTEM)
def show_deletion(code: str) -> Response:
    """Says to who has the code that their data was deleted; names nobody."""
    with moviefinder().reading() as session:
        done = deletion.done_at(session, code)
    language = request.accept_languages.best_match(_DELETED) or "en"
    title, text = _DELETED[language]
    when, code = f"{done:%Y-%m-%d %H:%M} UTC", escape(code)
    page = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>MovieFinder</title>'
        f'<meta name="viewport" content="width=device-width"><h1>{title}</h1>'
        f"<p>{text.format(when=when, code=code)}</p></html>"
    )
    return Response(page, mimetype="text/html")


_DELETED: Final = {
    "en": (
        "Deleted",
        (
            "On {when}, as asked for on Facebook: that Facebook account no longer signs in here, and where it "
            "was the only way in, all that was kept of the person was deleted. Code: {code}."
        ),
    ),
    "de": (
        "Gelöscht",
        (
            "Am {when}, wie bei Facebook verlangt: Dieses Facebook-Konto meldet hier niemanden mehr an; war es "
            "der einzige Zugang, wurde alles gelöscht, was hier von der Person aufgehoben war. Code: {code}."
        ),
    ),
}


def _providers() -> Providers:
    """The providers of this process."""
    found: Providers | None = current_app.extensions.get("moviefinder.providers")
    if found is None:
        made = Providers(moviefinder().settings, HostLedger(moviefinder().engine))
        found = current_app.extensions.setdefault("moviefinder.providers", made)
    return found


def _check_intent(intent: returning.Intent, asker: Asker | None, now: datetime) -> None:
    """That this can be begun.

    Raises:
        SignInNeeded: nobody is signed in, and somebody must be.
        SignInAgain: it is too long ago that they proved who they are.
    """
    if intent == "sign_in":
        return
    if asker is None or (asker.is_guest and intent == "again"):
        raise SignInNeeded("Sign in first.")
    if intent == "link" and not asker.is_fresh(now):
        raise SignInAgain("For this, prove once more who you are: POST /session/again.")


def _own_address() -> str:
    """Where the browser is to come back to: the host that has its cookies, and that the provider was told of.

    Raises:
        NotAllowed: the install is known to providers by another host.
    """
    settings, host = moviefinder().settings, host_name(request.host)
    if (
        settings.is_local and host in LOOPBACK
    ):  # 127.0.0.1 and localhost are one machine, and two hosts to a browser
        return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    if host != (urlsplit(settings.address).hostname or "").lower():
        raise NotAllowed(f"Signing in elsewhere works at {settings.address} alone. Open that first.")
    return settings.address


def _finish(flow: Flow, proof: Proof, counted: Attempt) -> None:
    """Do what the browser was sent away for, and give it its session.

    Two who come back at once as the same unknown person both find nobody; the second then finds the first.
    """
    app, now = moviefinder(), datetime.now(UTC)
    with app.reading() as session:
        asker, is_known = visitor(session), returning.is_known(session, proof)
    if not is_known and (asker is None or asker.is_guest):
        attempt("sign_up", account=None, now=now)
    for is_last in (False, False, False, True):  # ways that come and go may overtake it more than once
        try:
            with app.transaction() as session:
                given = returning.come_back(
                    session,
                    app.settings,
                    flow,
                    proof,
                    asker=visitor(session),
                    attempt=counted,
                    address=address(),
                    user_agent=user_agent(),
                    now=now,
                )
        except (IntegrityError, returning.Overtaken) as error:
            if is_last:
                raise returning.Overtaken("This way of signing in is being changed. Begin again.") from error
        else:
            break
    if given is not None:
        give_session(*given)


def _said(name: str) -> str:
    """What came back under a name; nothing where that came more than once (RFC 6749, 3.1)."""
    values = request.args.getlist(name)
    return values[0] if len(values) == 1 else ""


def _is_signed_in() -> bool:
    with moviefinder().reading() as session:
        asker = visitor(session)
    return asker is not None and not asker.is_guest


def _with_problem(shown: str, provider: str, error: MovieFinderError) -> str:
    """The page that says what went wrong, by a word that it has a sentence for."""
    word = f"provider-{error.why}" if isinstance(error, ProviderFailed) else error.problem
    log.info("sign_in.failed", way=provider, reason=word)
    return f"{shown}?{urlencode({'problem': word, 'provider': provider})}"
