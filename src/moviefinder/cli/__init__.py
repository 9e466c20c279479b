"""The command line: `moviefinder NOUN VERB`; what acts on the whole install is one verb.

Commands are imported when they are used, so that the server's first process stays small. Results go to standard
output, talk to standard error; exit 0 done, 1 failed, 2 used wrongly or could not start.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any, Final

import click

from moviefinder import __version__
from moviefinder.errors import CannotStart, Invalid, MovieFinderError

__all__ = ["main", "moviefinder"]

COMMANDS: Final = {
    "serve": "moviefinder.cli.serve:serve",
    "worker": "moviefinder.cli.worker:worker",
    "jobs": "moviefinder.cli.jobs:jobs",
    "user": "moviefinder.cli.users:user",
    "catalogue": "moviefinder.cli.catalogue:catalogue",
    "recommend": "moviefinder.cli.ranking:recommend",
    "train": "moviefinder.cli.training:train",
    "use-model": "moviefinder.cli.training:use_model",
    "evaluate": "moviefinder.cli.training:evaluate",
    "rank": "moviefinder.cli.ranking:rank",
    "sources": "moviefinder.cli.sources:sources",
    "mail": "moviefinder.cli.mail:mail",
    "config": "moviefinder.cli.operate:config",
    "db": "moviefinder.cli.operate:db",
    "openapi": "moviefinder.cli.operate:openapi",
}


class _Commands(click.Group):
    """Knows its commands by name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.command(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="moviefinder")
@click.option("--debug", is_flag=True, help="Show where an error came from.")
@click.pass_context
def moviefinder(ctx: click.Context, debug: bool) -> None:
    """Tell it films you love, it tells you what to watch next, and why."""
    ctx.obj = {"debug": debug}


def main(arguments: list[str] | None = None) -> None:
    """Run a command; an error that we know is one line."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        result: Any = moviefinder.main(arguments, prog_name="moviefinder", standalone_mode=False)
    except MovieFinderError as error:
        if "--debug" in arguments:
            raise
        click.echo(f"moviefinder: {error.message}", err=True)
        sys.exit(2 if isinstance(error, CannotStart | Invalid) else 1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    sys.exit(result if isinstance(result, int) else 0)
