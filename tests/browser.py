"""How tests and screenshots start a browser: the system's Chromium, quiet and alone."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

CHROMIUM = Path(os.environ.get("MOVIEFINDER_CHROMIUM", "/usr/bin/chromium"))
MISSING = f"No Chromium at {CHROMIUM}: apt-get install chromium, or set MOVIEFINDER_CHROMIUM."
FLAGS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# The Matrix, Alien, Blade Runner, Heat, Spirited Away
LOVED = ("imdb:tt0133093", "imdb:tt0078748", "imdb:tt0083658", "imdb:tt0113277", "imdb:tt0245429")


def say(context: BrowserContext, films: Iterable[str], answer: dict[str, Any]) -> None:
    """Answer for the visitor of a browser context, by the API; the first answer makes the guest.

    Raises:
        RuntimeError: the server refused; the message holds its answer.
    """
    for film in films:
        told = context.request.patch(
            f"/api/v1/library/{film}", data=answer, headers={"X-Requested-With": "moviefinder"}
        )
        if not told.ok:
            raise RuntimeError(f"{film}: {told.status} {told.text()}")


@contextmanager
def kept(page: Page) -> Iterator[None]:
    """What is done in the block is an answer; go on when the server has confirmed it, not when the page shows it."""
    with page.expect_response(lambda told: told.request.method == "PATCH") as told:
        yield
    told.value.finished()
    if not told.value.ok:
        raise RuntimeError(f"{told.value.status} {told.value.text()}")


def number_of(url: str, film: str) -> int:
    """The number by which the server at `url` knows a film, from a reference."""
    with urllib.request.urlopen(f"{url}/api/v1/films/{film}") as answer:
        return int(json.load(answer)["id"])
