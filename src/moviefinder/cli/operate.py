"""What an operator looks at and sets right: settings, the database, the API document."""

from __future__ import annotations

import json
from pathlib import Path

import click

from moviefinder.cli import data_folder
from moviefinder.config import Settings, load_settings

_data = click.option("--data", type=click.Path(path_type=Path), help="Folder for everything that is kept.")
_config = click.option("--config", type=click.Path(path_type=Path), help="Settings file.")


@click.group()
def config() -> None:
    """Look at the settings."""


@config.command()
@_data
@_config
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(data: Path | None, config: Path | None, as_json: bool) -> None:
    """Print every setting as it is in force."""
    from sqlalchemy.engine import make_url

    settings = load_settings(config=config, data=data)
    values = settings.model_dump(mode="json")
    for table in ("sources", "providers"):
        values[table] = {
            name: one.model_dump(mode="json", exclude_unset=True)
            for name, one in getattr(settings, table).items()
        }
    if values["database"]:
        values["database"] = make_url(values["database"]).render_as_string(hide_password=True)
    if as_json:
        click.echo(json.dumps(values, indent=2))
        return
    for name, value in values.items():
        click.echo(f"{name:<22} {json.dumps(value):<40} {Settings.model_fields[name].description}")


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@_data
@_config
def upgrade(data: Path | None, config: Path | None) -> None:
    """Bring the database to this version's schema and catalogue."""
    from moviefinder.store.schema import HEAD

    settings = load_settings(config=config, data=data)
    data_folder.make(settings.data)
    app, installed = data_folder.prepare(settings)
    app.close()
    click.echo(f"Schema {HEAD} is in place.")
    if installed:
        click.echo(
            f"Catalogue: {installed.added} films added, {installed.renewed} renewed, {installed.dropped} dropped, "
            f"{installed.kept} kept because something was said of them."
        )


@click.command()
def openapi() -> None:
    """Print the API document."""
    from moviefinder.web import create_app

    click.echo(json.dumps(create_app().api_doc, indent=2))
