"""`moviefinder user`: accounts made, named, helped and erased by who runs the machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from moviefinder.cli import data_folder
from moviefinder.config import load_settings

if TYPE_CHECKING:
    from moviefinder.app import App
    from moviefinder.services.accounts.emails import Email

_data = click.option("--data", type=click.Path(path_type=Path), help="Folder for everything that is kept.")
_config = click.option("--config", type=click.Path(path_type=Path), help="Settings file.")


@click.group()
def user() -> None:
    """Look after who has an account."""


@user.command()
@click.argument("email")
@click.option("--name", help="What the person is called.")
@click.option("--operator", "is_operator", is_flag=True, help="They run this install.")
@click.option("--link", "by_link", is_flag=True, help="Print a link by which they choose the password.")
@_data
@_config
def add(
    email: str, name: str | None, is_operator: bool, by_link: bool, data: Path | None, config: Path | None
) -> None:
    """Make an account for EMAIL, or have the one that it has run this install.

    The password is asked for, or read from standard input; the address is taken to be theirs.
    """
    from moviefinder.services import household
    from moviefinder.services.accounts import emails, passwords, weak

    address = emails.read(email)
    with _app(data, config) as app:
        if is_operator and _has_account(app, address):
            with app.transaction() as session:
                number = household.make_operator(session, address)
            click.echo(f"{address.written} (number {number}) had an account, and runs this install now.")
            return
        secret = None
        if not by_link:
            plain = _password()
            weak.check_new(plain, email=address.written, name=name, settings=app.settings)
            secret = passwords.hash_password(plain)
        now = datetime.now(UTC)
        with app.transaction() as session:
            number = household.add(session, app.settings, address, secret, name=name, now=now)
            if is_operator:
                household.make_operator(session, address)
            link = household.password_link(session, app.settings, number, now=now) if by_link else None
    click.echo(f"{address.written} has the number {number}.", err=link is not None)
    if link is not None:
        click.echo("The password is chosen here, within a day:", err=True)
        click.echo(link)


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@_data
@_config
def list_(as_json: bool, data: Path | None, config: Path | None) -> None:
    """Print who has an account; nothing of what they said of films."""
    from moviefinder.services import operator

    with _app(data, config) as app, app.reading() as session:
        found: list[operator.Account] = []
        more = True
        while more:
            page = operator.accounts(session, before_id=found[-1].id if found else None, limit=100)
            found += page[:100]
            more = len(page) > 100
    if as_json:
        click.echo(json.dumps([asdict(account) for account in found], default=str, indent=2))
        return
    for account in reversed(found):
        runs = "operator" if account.is_operator else ""
        seen = f"{account.last_seen_at:%Y-%m-%d}"
        who = ", ".join(account.emails) or "-"
        click.echo(f"{account.id:>6}  {seen}  {runs:<8}  {who:<40}  {', '.join(account.ways)}")


@user.command()
@click.argument("who")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_data
@_config
def remove(who: str, yes: bool, data: Path | None, config: Path | None) -> None:
    """Erase WHO (an e-mail address or a number), with everything they said. It cannot be undone."""
    from moviefinder.services import household
    from moviefinder.services.accounts import erasing

    with _app(data, config) as app:
        with app.reading() as session:
            number = household.find(session, who)
        if not yes:
            click.confirm(f"Erase number {number}, and everything they said?", abort=True, err=True)
        now = datetime.now(UTC)
        with app.transaction() as session:
            erasing.erase(session, app.settings, number, now=now)
    click.echo(f"Number {number} is erased.")


@user.command()
@click.argument("who")
@click.option("--email", help="An address for an account that has none.")
@_data
@_config
def recover(who: str, email: str | None, data: Path | None, config: Path | None) -> None:
    """Print a link by which WHO (an e-mail address or a number) chooses a new password.

    With that password no passkey is asked for any more: it also helps who has lost theirs.
    """
    from moviefinder.services import household
    from moviefinder.services.accounts import emails

    address = emails.read(email) if email else None
    with _app(data, config) as app, app.transaction() as session:
        number = household.find(session, who)
        link = household.password_link(session, app.settings, number, email=address, now=datetime.now(UTC))
    click.echo("For them alone, once, and not for long:", err=True)
    click.echo(link)


@user.command()
@click.option("--note", default="", help="Whom it is for.")
@click.option(
    "--days", type=click.IntRange(1, 90), default=14, show_default=True, help="After that it is void."
)
@_data
@_config
def invite(note: str, days: int, data: Path | None, config: Path | None) -> None:
    """Print a link by which one account can be made, where the setting 'registration' asks for one."""
    from moviefinder.services.accounts import invitations

    if len(note) > 80:
        raise click.UsageError("A note has 80 characters at most.")
    with _app(data, config) as app:
        with app.transaction() as session:
            lasts = timedelta(days=days)
            _, token = invitations.make(session, note=note, made_by=None, lasts=lasts, now=datetime.now(UTC))
        if app.settings.registration == "open":
            click.echo("The setting 'registration' is open: nobody needs an invitation.", err=True)
        if app.settings.registration == "closed":
            told = "The setting 'registration' is closed: until it is 'invited', the link makes no account."
            click.echo(told, err=True)
        click.echo(invitations.link(app.settings, token))


def _password() -> str:
    if sys.stdin.isatty():
        plain: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return plain
    plain = sys.stdin.readline().rstrip("\r\n")
    if not plain:
        raise click.UsageError("Give the password on standard input, or take --link.")
    return plain


def _has_account(app: App, email: Email) -> bool:
    from moviefinder.errors import NotFound
    from moviefinder.services import household

    try:
        with app.reading() as session:
            household.find(session, email.written)
    except NotFound:
        return False
    return True


@contextmanager
def _app(data: Path | None, config: Path | None) -> Iterator[App]:
    from moviefinder import log
    from moviefinder.app import make_app
    from moviefinder.store.schema import require_head

    settings = data_folder.as_served(load_settings(config=config, data=data))
    log.set_up("warning")  # what is done is said in words here
    app = make_app(settings)
    require_head(app.engine)
    try:
        yield app
    finally:
        app.close()
