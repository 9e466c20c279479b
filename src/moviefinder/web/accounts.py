"""Who the user is: signing up, in and out; the account and how one signs in to it.

Whoever names an e-mail address gets the same answer whether it has an account here or not.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, request
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel

from moviefinder.errors import Invalid
from moviefinder.services import mail, operator
from moviefinder.services.accounts import (
    changing,
    emails,
    flows,
    links,
    merging,
    passwords,
    profile,
    registration,
    signing_in,
    signing_up,
    weak,
    webauthn,
)
from moviefinder.services.accounts.attempts import Attempt
from moviefinder.services.accounts.providers import known
from moviefinder.services.accounts.sessions import Asker
from moviefinder.services.accounts.signing_in import SecondFactor
from moviefinder.services.accounts.telling import Place
from moviefinder.store.models import MailLink
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import (
    address,
    end_session,
    flow_token,
    forget_flow,
    give_flow,
    give_session,
    keep_session_alive,
    moviefinder,
    owner,
    reader,
    require_cookies,
    user_agent,
    visitor,
    writer,
)
from moviefinder.web.security import Access, access, ask_again
from moviefinder.web.verifying import attempt, verifies

blueprint = APIBlueprint(
    "accounts",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="accounts")],
    abp_responses=failures(400, 422),
)

_WRITES = failures(403, 413, 415, 429, 503)


@blueprint.get("/account/options", responses={200: schemas.Options})
@access(Access.PUBLIC)
def show_options() -> schemas.Options:
    """Which ways to sign up and in this install has."""
    ask_again()
    app = moviefinder()
    settings, place = app.settings, webauthn.place(app.settings)
    with app.reading() as session:
        is_wanted = operator.is_wanted(settings, session)
    return schemas.Options(
        registration=settings.registration,
        guests=settings.guests,
        providers=[
            schemas.Provider(name=name, title=title) for name, title in known.offered(settings).items()
        ],
        passkeys=place == settings.address,
        passkeys_at=place,
        mail=mail.way(settings),
        password_length=settings.password_length,
        operator_wanted=is_wanted,
    )


# Signing up


@blueprint.post(
    "/account", responses={200: schemas.Session, 202: schemas.MailSent, **failures(401, 409), **_WRITES}
)
@access(Access.VISITOR)
@verifies("sign_up", "invitation")
def sign_up(body: schemas.NewAccount) -> schemas.Session | Response:
    """Ask for an account: a mail says how it goes on. With `guest` become a guest at once, without a mail."""
    app, now = moviefinder(), _now()
    require_cookies(app.settings)
    if body.guest:
        if body.email or body.password:
            raise Invalid("A guest has neither e-mail address nor password.", field="guest")
        with app.transaction() as session:
            return schemas.Session.of(writer(session))
    if body.email is None or body.password is None:
        raise Invalid(
            "Give an e-mail address and a password.", field="email" if not body.email else "password"
        )
    email = emails.read(body.email)
    weak.check_new(body.password, email=email.folded, name=body.name, settings=app.settings)
    counted = attempt("sign_up", account=email.folded, now=now)
    with app.reading() as session:
        invitation = registration.allow(session, app.settings, body.invitation, counted, now=now)
    secret = passwords.hash_password(body.password)
    with app.transaction() as session:
        flow = signing_up.ask(
            session,
            email,
            counted,
            secret=secret,
            name=(body.name or "").strip() or None,
            language=body.language or _language(),
            invitation=invitation,
            asker=visitor(session),
            address=address(),
            user_agent=user_agent(),
            now=now,
        )
    give_flow(flow, lasts=links.LASTS["confirm"])
    return _accepted(schemas.MailSent())


@blueprint.post("/account/links", responses={202: schemas.MailSent, **_WRITES})
@access(Access.VISITOR)
@verifies("send_link")
def send_link(body: schemas.SendLink) -> Response:
    """Have a link sent, to choose another password or to unlock signing in by password."""
    email, now = emails.read(body.email), _now()
    counted = attempt("send_link", account=email.folded, now=now)
    with moviefinder().transaction() as session:
        changing.send_link(
            session, email, body.purpose, counted, language=_language(), place=_place(), now=now
        )
    return _accepted(schemas.MailSent())


@blueprint.post("/account/links/use", responses={200: schemas.Session, **failures(409), **_WRITES})
@access(Access.VISITOR)
@verifies("use_link")
def use_link(body: schemas.UseLink) -> schemas.Session:
    """Use the link of a mail up: confirm a sign-up or another address, choose a new password, unlock."""
    app, now = moviefinder(), _now()
    require_cookies(app.settings)
    counted = attempt("use_link", account=body.token, now=now)
    with app.reading() as session:
        link = links.find(session, body.token, counted, now=now)
        asker = visitor(session)
    if link.purpose == "confirm":
        return _confirm(link, body, counted, now)
    if link.purpose == "reset":
        return _reset(link, body, counted, now)
    if link.purpose == "email":
        return _use_email(link, body, counted, now)
    with app.transaction() as session:
        changing.unlock(session, link, body.token, counted, now=now)
    return schemas.Session.of(asker)


def _confirm(link: MailLink, body: schemas.UseLink, counted: Attempt, now: datetime) -> schemas.Session:
    app = moviefinder()
    signing_up.prove(link, counted, flow=flow_token(), plain=body.password)
    with app.transaction() as session:
        begun = signing_up.confirm(
            session,
            app.settings,
            link,
            body.token,
            counted,
            asker=visitor(session),
            address=address(),
            user_agent=user_agent(),
            now=now,
        )
    forget_flow()
    return _signed_in(begun)


def _reset(link: MailLink, body: schemas.UseLink, counted: Attempt, now: datetime) -> schemas.Session:
    app = moviefinder()
    if body.password is None:
        raise Invalid("Choose a new password.", field="password")
    with app.reading() as session:
        name = profile.name_of(session, link.user_id)
    weak.check_new(body.password, email=link.email, name=name, settings=app.settings)
    secret = passwords.hash_password(body.password)
    with app.transaction() as session:
        asker = visitor(session)
        begun = changing.reset(
            session, link, body.token, counted, secret=secret, asker=asker, place=_place(), now=now
        )
    return _signed_in(begun) if begun else schemas.Session(user=None)


def _use_email(link: MailLink, body: schemas.UseLink, counted: Attempt, now: datetime) -> schemas.Session:
    app = moviefinder()
    with app.reading() as session:
        asker = visitor(session)
        mine = changing.password_of(session, link.user_id or 0)
    changing.prove_owner(link, mine.secret if mine else None, counted, asker=asker, plain=body.password)
    with app.transaction() as session:
        begun = changing.use_email(
            session,
            app.settings,
            link,
            body.token,
            counted,
            asker=visitor(session),
            place=_place(),
            now=now,
        )
    return _signed_in(begun) if begun else schemas.Session(user=None)


# Signing in and out


@blueprint.get("/session", responses={200: schemas.Session, **failures(401)})
@access(Access.READER)
def show_session() -> schemas.Session:
    """Who asks; nobody without a cookie."""
    with moviefinder().reading() as session:
        asker = reader(session)
    return schemas.Session.of(asker)


@blueprint.post("/session", responses={200: schemas.Session, **_WRITES})
@access(Access.VISITOR)
@verifies("sign_in")
def sign_in(body: schemas.SignIn) -> schemas.Session:
    """Sign in by e-mail address and password; a guest's films are brought along."""
    app, now, email = moviefinder(), _now(), emails.fold(body.email)
    require_cookies(app.settings)
    counted = attempt("sign_in", account=email, now=now)
    return _by_password(email, body.password, counted, now)


@blueprint.post("/session/again", responses={200: schemas.Session, **failures(401), **_WRITES})
@access(Access.OWNER)
@verifies("again")
def sign_in_again(body: schemas.Again) -> schemas.Session:
    """Prove once more who you are, by your password; for ten minutes that counts as fresh."""
    app, now, user_id = moviefinder(), _now(), owner().user_id
    counted = attempt("again", account=f"user:{user_id}", now=now)
    with app.reading() as session:
        mine = changing.password_of(session, user_id)
    return _by_password(mine.subject if mine else "?", body.password, counted, now)


def _by_password(email: str, plain: str, counted: Attempt, now: datetime) -> schemas.Session:
    app = moviefinder()
    proof = signing_in.prove(app, counted, email, plain)
    with app.transaction() as session:
        outcome = signing_in.by_password(
            session,
            app.settings,
            proof,
            counted,
            asker=visitor(session),
            address=address(),
            user_agent=user_agent(),
            now=now,
        )
    if isinstance(outcome, SecondFactor):
        give_flow(outcome.flow, lasts=flows.LASTS)
        return schemas.Session(user=None, second_factor=schemas.PasskeyOptions(options=outcome.options))
    return _signed_in(outcome)


@blueprint.delete("/session", responses={204: None, **failures(403)})
@access(Access.ENDING)
def delete_session() -> Response:
    """End the session, also one that had ended, and have the browser forget it."""
    end_session()
    return Response(status=204)


# The account


@blueprint.get("/account", responses={200: schemas.Account, **failures(401, 403)})
@access(Access.OWNER)
def show_account() -> schemas.Account:
    """Who you are here, and how you sign in."""
    app, asker = moviefinder(), owner()
    with app.reading() as session:
        found = profile.profile(session, app.settings, asker, now=_now())
    keep_session_alive()
    return schemas.Account.of(found)


@blueprint.patch("/account", responses={200: schemas.Account, **failures(401), **_WRITES})
@access(Access.OWNER)
def change_account(body: schemas.AccountChange) -> schemas.Account:
    """Change what is kept of you; whether a passkey is asked for too takes a fresh sign-in."""
    app, asker, now = moviefinder(), owner(), _now()
    with app.transaction() as session:
        changing.change_profile(session, asker, body.model_dump(exclude_unset=True), now=now)
        return schemas.Account.of(profile.profile(session, app.settings, asker, now=now))


@blueprint.put("/account/password", responses={200: schemas.Session, **failures(401, 409), **_WRITES})
@access(Access.FRESH)
def set_password(body: schemas.NewPassword) -> schemas.Session:
    """Choose another password. All other sessions end."""
    app, asker, now = moviefinder(), owner(), _now()
    with app.reading() as session:
        mine = changing.password_of(session, asker.user_id)
    email = mine.subject if mine else None
    weak.check_new(body.password, email=email, name=asker.name, settings=app.settings)
    secret = passwords.hash_password(body.password)
    with app.transaction() as session:
        renewed = changing.set_password(session, asker, secret, place=_place(), now=now)
    return _signed_in(renewed)


@blueprint.put("/account/email", responses={202: schemas.MailSent, **failures(401), **_WRITES})
@access(Access.FRESH)
@verifies("change_email")
def change_email(body: schemas.EmailChange) -> Response:
    """Ask for another e-mail address: its mailbox gets a link, and the one until now is told."""
    app, asker, now = moviefinder(), owner(), _now()
    email = emails.read(body.email)
    if body.password is not None:
        weak.check_new(body.password, email=email.folded, name=asker.name, settings=app.settings)
    counted = attempt("change_email", account=email.folded, now=now)
    secret = None if body.password is None else passwords.hash_password(body.password)
    with app.transaction() as session:
        changing.ask_email(session, asker, email, counted, secret=secret, place=_place(), now=now)
    return _accepted(schemas.MailSent())


@blueprint.post(
    "/account/merges/<int:guest>/undo",
    responses={200: schemas.Undone, **failures(401, 403, 404, 409, 503)},
)
@access(Access.OWNER)
def undo_merge(path: schemas.GuestPath) -> schemas.Undone:
    """Take out again what a guest brought along when you signed in, as far as you said nothing since."""
    with moviefinder().transaction() as session:
        undone = merging.undo(session, owner().user_id, path.guest, now=_now())
    return schemas.Undone(films=undone.films)


def _signed_in(begun: tuple[Asker, str]) -> schemas.Session:
    give_session(*begun)
    return schemas.Session.of(begun[0])


def _accepted(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(), 202, mimetype="application/json")


def _place() -> Place:
    return Place(address=address(), user_agent=user_agent())


def _language() -> str | None:
    """Which of our languages the browser likes to read."""
    return request.accept_languages.best_match(["en", "de"])


def _now() -> datetime:
    return datetime.now(UTC)
