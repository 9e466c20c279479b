"""Questions that must be answered alike whether an account is there or not: one of each kind for both.

`tests/integration/test_enumeration.py` tells what each does, `tests/faults/test_enumeration.py` how long it takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tests.roles import PASSWORD


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about an e-mail address."""

    method: str
    path: str
    signed_in: bool = False
    more: tuple[tuple[str, Any], ...] = ()

    def body(self, email: str) -> dict[str, Any]:
        """What is sent about an address."""
        return {"email": email, **dict(self.more)}


QUESTIONS: Final = {
    "sign in": Question(
        method="POST", path="/api/v1/session", more=(("password", "a wrong one in any case"),)
    ),
    "sign up": Question(method="POST", path="/api/v1/account", more=(("password", PASSWORD),)),
    "reset": Question(method="POST", path="/api/v1/account/links", more=(("purpose", "reset"),)),
    "unlock": Question(method="POST", path="/api/v1/account/links", more=(("purpose", "unlock"),)),
    "change e-mail": Question(method="PUT", path="/api/v1/account/email", signed_in=True),
}
