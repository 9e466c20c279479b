"""Mails: whether they arrive."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from moviefinder.config import load_settings


@click.group()
def mail() -> None:
    """Look after the mails that MovieFinder sends."""


@mail.command()
@click.argument("address")
@click.option("--language", type=click.Choice(["en", "de"]), default="en", show_default=True)
@click.option("--data", type=click.Path(path_type=Path), help="Folder for everything that is kept.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file.")
def test(address: str, language: str, data: Path | None, config: Path | None) -> None:
    """Send a mail to ADDRESS as the settings say; exit 1 when the mail server does not take it."""
    from moviefinder.cli import data_folder
    from moviefinder.services import mail as service

    settings = load_settings(config=config, data=data)
    service.check_address(address)
    server = service.server(settings)
    if server is None:
        data_folder.make(settings.data)
    path = service.deliver(
        settings,
        number=0,
        to=address,
        template="test",
        language=language,
        values={},
        link=None,
        now=datetime.now(UTC),
    )
    if server is not None:
        click.echo(f"{server.host}:{server.port} took the mail to {address}.")
    else:
        why = "this install is offline" if settings.offline else "the setting 'mail_server' is empty"
        click.echo(f"Written to {path}, for {why}.")
