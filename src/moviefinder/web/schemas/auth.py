"""Bodies of signing in with a provider."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from moviefinder.web.schemas.base import Answer, Number, Request

PATH_PATTERN = r"^/(?:[A-Za-z0-9_~.:-]+(?:/[A-Za-z0-9_~.:-]+)*/?)?(?:\?[A-Za-z0-9_~.:=&%+,-]*)?$"
"""A path of the page: no host, whatever a browser makes of slashes, backslashes and dots; one slash at a time."""


class ProviderPath(Request):
    provider: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]


class SignInElsewhere(Request):
    intent: Literal["sign_in", "link", "again"] = Field(
        description="To sign in or up; to link it with the account that asks; or to prove anew who asks."
    )
    next: Annotated[str, Field(max_length=300, pattern=PATH_PATTERN)] | None = Field(
        default=None, description="The path of the page to be shown after it."
    )
    invitation: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")] | None = (
        Field(default=None, description="The token of an invitation, where accounts are made by those alone.")
    )


class Elsewhere(Answer):
    location: str = Field(description="Where the browser is to go: the provider's own page.")


class IdentityPath(Request):
    identity: Number
