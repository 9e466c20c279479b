"""Writes the parts of docs/ that the code itself knows: settings, commands, the API, and the page's types of it.

With `--check` nothing is written; what is out of date is named, and the exit code is 1.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import page

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
OPENAPI = DOCS / "openapi.json"
NOTE = "<!-- Written by `make docs`; change the code it is made from. -->\n"


def settings() -> str:
    """Every setting with its variable, its default and its sentence."""
    from moviefinder.config import ProviderSettings, Settings, SourceSettings

    rows = [
        f"| `{name}` | `MOVIEFINDER_{name.upper()}` | {_default(name, field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
        if name not in ("sources", "providers")
    ]
    of_source, of_provider = (
        [
            f"| `{name}` | `MOVIEFINDER_{table}_{name.upper()}` | {_default(name, field)} | {field.description} |"
            for name, field in model.model_fields.items()
        ]
        for table, model in (("SOURCES_TMDB", SourceSettings), ("PROVIDERS_GOOGLE", ProviderSettings))
    )
    return "\n".join(
        [
            "# Settings",
            "",
            NOTE,
            "A bare `moviefinder serve` needs none of these. They are read from `moviefinder.toml` in the data",
            "folder (or from the file that `--config` or `MOVIEFINDER_CONFIG` names), overlaid by environment",
            "variables, overlaid by the command line. A variable with `_FILE` at its end names a file that holds",
            "the value, for secrets.",
            "",
            "| setting | variable | default | meaning |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            "## Film sources",
            "",
            "Each source has a table of its own, such as `[sources.tmdb]`; `moviefinder sources list` names them.",
            "",
            "| setting | variable | default | meaning |",
            "| --- | --- | --- | --- |",
            *of_source,
            "",
            "## Sign-in providers",
            "",
            "Each has a table of its own: `[providers.facebook]` is Facebook, any other an OpenID Connect provider by",
            "the name that you choose. Tell it the address to come back to: `BASE_URL/auth/NAME/callback`.",
            "",
            "| setting | variable | default | meaning |",
            "| --- | --- | --- | --- |",
            *of_provider,
            "",
        ]
    )


def _default(name: str, field: FieldInfo) -> str:
    if name == "data":
        return "`var/` by `make run`, else the platform's own place"
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "must be set"
    value = value.get_secret_value() if hasattr(value, "get_secret_value") else value
    if value in ("", (), [], None):
        return "empty"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def commands() -> str:
    """The help text of every command."""
    from moviefinder.cli import moviefinder

    parts = ["# Commands", "", NOTE]
    for path, command in _walk("moviefinder", moviefinder):
        context = click.Context(command, info_name=path, max_content_width=110, terminal_width=100)
        parts += [f"## {path}", "", "```", command.get_help(context), "```", ""]
    return "\n".join(parts)


def _walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in sorted(command.list_commands(context)):
            found = command.get_command(context, name)
            if found and not found.hidden:
                yield from _walk(f"{path} {name}", found)


@functools.cache
def openapi() -> str:
    """The OpenAPI document as a running server gives it."""
    with tempfile.TemporaryDirectory() as folder:
        told = subprocess.run(
            [sys.executable, "-m", "moviefinder", "openapi"],
            env={**os.environ, "MOVIEFINDER_DATA": folder},
            stdout=subprocess.PIPE,
            check=True,
        )
    return json.dumps(json.loads(told.stdout), indent=1, ensure_ascii=False) + "\n"


def api() -> str:
    """Every route in one line, and every kind of problem with what it means."""
    document: dict[str, Any] = json.loads(openapi())
    rows = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            taken = [_parameter(told) for told in operation.get("parameters", [])]
            about = operation.get("summary", "").rstrip(".")
            rows.append(f"| `{method.upper()}` | `{path}` | {about} | {', '.join(taken) or '-'} |")
    return "\n".join(
        [
            "# API",
            "",
            NOTE,
            "JSON over HTTP; the whole document, with every field, is `/openapi.json` of a running server and",
            "[openapi.json](openapi.json) here. `{film}` is our own number or a reference: `imdb:tt0133093`,",
            "`tmdb:603`, `tmdb-tv:1399`. Programs add the header `X-Requested-With: moviefinder` to everything",
            "but `GET`.",
            "",
            "| method | path | what it does | takes |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            "## Problems",
            "",
            "Errors are `application/problem+json` (RFC 9457); `type` is one of these.",
            "",
            "| type | status | meaning |",
            "| --- | --- | --- |",
            *_problems(),
            "",
        ]
    )


def _parameter(told: dict[str, Any]) -> str:
    return f"`{told['name']}`" + (" (header)" if told["in"] == "header" else "")


def _problems() -> list[str]:
    from moviefinder import errors

    kinds = {
        kind.problem: kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.MovieFinderError)
    }
    told = [
        (kind.status, name, " ".join((kind.__doc__ or "").split("\n\n")[0].split()))
        for name, kind in kinds.items()
    ]
    return [f"| `/problems/{name}` | {status} | {about} |" for status, name, about in sorted(told)]


FILES: dict[Path, Callable[[], str]] = {
    DOCS / "settings.md": settings,
    DOCS / "commands.md": commands,
    DOCS / "api.md": api,
    OPENAPI: openapi,
}


def main() -> int:
    """Write all of them, or check them."""
    check = sys.argv[1:] == ["--check"]
    stale = []
    for file, write in FILES.items():
        text = write()
        if not file.exists() or file.read_text() != text:
            stale.append(file)
            if not check:
                file.write_text(text)
    for file in stale:
        print(f"{file.relative_to(ROOT)}: {'is out of date, run `make docs`' if check else 'written'}")
    return 1 if page_types(check=check) or (check and stale) else 0


def page_types(*, check: bool) -> int:
    """Bring ui/src/api-types.ts in line with the API document; its generator has packages of its own."""
    node = page.Node(Path(sysconfig.get_path("purelib")))
    tools = page.UI / "tools"
    page.install(node, tools)
    try:
        node.run(tools / "types.mjs", OPENAPI, *(["--check"] if check else []))
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
