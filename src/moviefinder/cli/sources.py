"""Outside sources: which there are, whether they answer, on and off, forgetting."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from moviefinder import log
from moviefinder.cli import data_folder
from moviefinder.config import load_settings

if TYPE_CHECKING:
    from moviefinder.app import App

_data = click.option("--data", type=click.Path(path_type=Path), help="Folder for everything that is kept.")
_config = click.option("--config", type=click.Path(path_type=Path), help="Settings file.")


@click.group()
def sources() -> None:
    """Look after the outside sources of film facts."""


@sources.command("list")
@_data
@_config
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_(data: Path | None, config: Path | None, as_json: bool) -> None:
    """Print every source, whether it is on, what decided that, and whom it calls."""
    from moviefinder.services import sources as service

    with _opened(data, config) as app, app.reading() as session:
        found = service.states(app, session, may_operate=True)
    if as_json:
        rows = [
            {
                "name": state.name,
                "title": state.title,
                "is_on": state.switch.is_on,
                "decided_by": state.switch.decided_by,
                "needs": state.needs,
                "hosts": [host.host.host for host in state.hosts],
            }
            for state in found
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    for state in found:
        hosts = ", ".join(host.host.host for host in state.hosts)
        needs = f", needs a {state.needs}" if state.needs else ""
        is_on = "on" if state.switch.is_on else "off"
        click.echo(f"{state.name:<14} {is_on:<4} by {state.switch.decided_by}{needs}: {hosts}")


@sources.command()
@click.argument("names", nargs=-1)
@_data
@_config
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def test(names: tuple[str, ...], data: Path | None, config: Path | None, as_json: bool) -> None:
    """Ask each source a small question, or those that are named; exit 1 when one that is on does not answer."""
    from moviefinder.services import sources as service

    told = []
    with _opened(data, config) as app:
        for name in names or [name for name, found in app.sources.items() if found.hosts]:
            result = service.test(app, name)
            told.append(result)
            if as_json:
                row = {"name": name, "outcome": result.outcome}
                click.echo(json.dumps(row | {"message": result.message, "took_ms": result.took_ms}))
            else:
                click.echo(f"{name:<14} {result.outcome:<9} {result.message} ({result.took_ms} ms)")
    if any(result.outcome not in (service.Outcome.ANSWERS, service.Outcome.OFF) for result in told):
        sys.exit(1)


@sources.command()
@click.argument("name")
@_data
@_config
def on(name: str, data: Path | None, config: Path | None) -> None:
    """Switch a source on for everybody, as on the page."""
    _switch(name, data, config, is_on=True)


@sources.command()
@click.argument("name")
@_data
@_config
def off(name: str, data: Path | None, config: Path | None) -> None:
    """Switch a source off for everybody; what it has told stays until its terms end."""
    _switch(name, data, config, is_on=False)


@sources.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_data
@_config
def forget(name: str, yes: bool, data: Path | None, config: Path | None) -> None:
    """Drop all that a source has told; films keep what the others say, and what people said of them."""
    from moviefinder.services import switching

    if not yes:
        click.confirm(f"Forget all that {name} has told?", abort=True, err=True)
    with _opened(data, config) as app, app.transaction() as session:
        switching.forget(app, session, name)
    click.echo(f"What {name} told is forgotten.")


def _switch(name: str, data: Path | None, config: Path | None, *, is_on: bool) -> None:
    from moviefinder.services import sources as service
    from moviefinder.services import switching

    with _opened(data, config) as app:
        with app.transaction() as session:
            switching.switch(app, session, name, is_on=is_on, by=None, now=datetime.now(UTC))
        hosts = ", ".join(host.host for host in service.source(app, name).hosts)
    click.echo(
        f"{name} is on: it may call {hosts}." if is_on else f"{name} is off: it is not called any more."
    )


@contextmanager
def _opened(data: Path | None, config: Path | None) -> Iterator[App]:
    """The install, brought up to date as a start would."""
    settings = load_settings(config=config, data=data)
    log.set_up(
        "warning"
    )  # what was called is said in the command's own words; a broken source of a package here
    data_folder.make(settings.data)
    app, _ = data_folder.prepare(settings)
    try:
        yield app
    finally:
        app.close()
