"""Views that verify a secret say on which path, and count each try there before they do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from flask import current_app, request

from moviefinder.services.accounts import attempts
from moviefinder.services.accounts.attempts import PATHS, Attempt
from moviefinder.web.askers import address, moviefinder, user_agent

View = TypeVar("View", bound=Callable[..., Any])


def verifies(*paths: str) -> Callable[[View], View]:
    """Declare on which paths of the table (`attempts.PATHS`) a view verifies secrets or has mails sent."""
    for path in paths:
        PATHS[path]  # an unknown one is found when the program starts

    def declare(view: View) -> View:
        view.verifies = paths  # type: ignore[attr-defined]  # functions carry attributes
        return view

    return declare


def attempt(path: str, *, account: str | None, now: datetime) -> Attempt:
    """Count a try of this request's view.

    Args:
        path: one that the view has declared.
        account: see `attempts.attempt`.
        now: the time.

    Raises:
        TooMany: there were as many as may be.
    """
    view: Any = current_app.view_functions[request.endpoint or ""]
    if path not in getattr(view, "verifies", ()):
        raise RuntimeError(f"{request.endpoint} verifies {path} and does not declare it.")
    return attempts.attempt(
        moviefinder(), path, account=account, address=address(), user_agent=user_agent(), now=now
    )
