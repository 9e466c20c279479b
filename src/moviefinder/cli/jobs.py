"""`moviefinder jobs`: what was done behind the scenes, and what failed."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from moviefinder.config import load_settings

if TYPE_CHECKING:
    from moviefinder.app import App

_data = click.option("--data", type=click.Path(path_type=Path), help="Folder for everything that is kept.")
_config = click.option("--config", type=click.Path(path_type=Path), help="Settings file.")


@click.group()
def jobs() -> None:
    """Look at the work behind the scenes."""


@jobs.command("list")
@_data
@_config
@click.option("--state", type=click.Choice(["queued", "running", "done", "failed"]), help="Only these.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_(data: Path | None, config: Path | None, state: str | None, limit: int, as_json: bool) -> None:
    """Print jobs, the latest first; never whom or which film they are for."""
    from moviefinder.store import jobs as table

    app = _app(data, config)
    with app.reading() as session:
        found = table.past(session, state=state, limit=limit)
    app.close()
    if as_json:
        click.echo(json.dumps([asdict(job) for job in found], default=str, indent=2))
        return
    for job in found:
        ended = job.finished_at or job.run_after
        tries = f"{job.attempts} tries" + (f", {job.deaths} deaths" if job.deaths else "")
        click.echo(
            f"{job.id:>8}  {job.state:<8} {job.kind:<14} {ended:%Y-%m-%d %H:%M:%S}  {tries}  {job.error or ''}"
        )


@jobs.command()
@_data
@_config
@click.argument("job_id", type=int, required=False)
@click.option("--all", "is_all", is_flag=True, help="Every failed job.")
def retry(data: Path | None, config: Path | None, job_id: int | None, is_all: bool) -> None:
    """Try a failed job again from the beginning."""
    from moviefinder.store import jobs as table

    if (job_id is None) is not is_all:
        raise click.UsageError("Name one job, or --all.")
    app = _app(data, config)
    try:
        with app.transaction() as session:
            failed = table.failed_ids(session) if job_id is None else [job_id]
            queued = sum(table.retry(session, one, now=datetime.now(UTC)) for one in failed)
    finally:
        app.close()
    doubled = len(failed) - queued
    click.echo(
        f"{queued} queued again." + (f" {doubled} had been asked for anew already." if doubled else "")
    )


def _app(data: Path | None, config: Path | None) -> App:
    from moviefinder.app import make_app
    from moviefinder.store.schema import require_head

    app = make_app(load_settings(config=config, data=data))
    require_head(app.engine)
    return app
