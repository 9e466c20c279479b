"""`moviefinder catalogue`: make a catalogue file, or examine one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from moviefinder.errors import Invalid

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def catalogue() -> None:
    """The film catalogue that ships with MovieFinder."""


@catalogue.command()
@click.option(
    "--data",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the data sets.",
)
@click.option("--out", required=True, type=_FILE, help="File to write.")
def build(data: Path, out: Path) -> None:
    """Make a catalogue file from the data sets; the same data give the same bytes."""
    from moviefinder.catalogue.build import build as build_catalogue  # heavy, and needed here only

    if not out.parent.is_dir():
        raise Invalid(f"There is no folder {out.parent}. Make it, or name another --out.", field="out")
    manifest = build_catalogue(data, out, say=lambda line: click.echo(line, err=True))
    click.echo(
        f"{out}: version {manifest['version']}, {manifest['films']:,} films, {out.stat().st_size:,} bytes"
    )


@catalogue.command()
@click.argument("file", required=False, type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the report for a program.")
def check(file: Path | None, as_json: bool) -> None:
    """Examine FILE, or the shipped catalogue: counts, coverage, ids, and that every film can be reached."""
    from moviefinder.catalogue.check import check as check_catalogue

    report = check_catalogue(file)
    if as_json:
        fields = ("version", "counts", "coverage", "faults")
        click.echo(json.dumps({name: getattr(report, name) for name in fields}, ensure_ascii=False, indent=1))
    else:
        films = report.counts["films"]
        click.echo(f"version {report.version}")
        for name, count in report.counts.items():
            click.echo(f"{name:<24}{count:>12,}")
        click.echo("films that have")
        for field, count in report.coverage.items():
            click.echo(f"  {field:<22}{count:>12,}{100 * count / max(films, 1):>8.1f} %")
        for fault in report.faults:
            click.echo(f"fault: {fault}", err=True)
        if not report.faults:
            click.echo("no faults")
    if report.faults:
        sys.exit(1)
