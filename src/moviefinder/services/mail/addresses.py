"""E-mail addresses: one and nothing else, and as the network has them."""

from __future__ import annotations

import re
from typing import Final

from moviefinder.errors import Invalid

_ADDRESS: Final = re.compile(
    r"[^\s@<>,;:\\\"()\[\]\x00-\x20\x7f]{1,64}@[^\s@<>,;:\\\"()\x00-\x20\x7f]{1,253}"
)


def check_address(address: str) -> None:
    """See that this is one address and nothing else; whether anybody reads it only a mail can tell.

    Raises:
        Invalid: it is not.
    """
    if not _ADDRESS.fullmatch(address) or len(address) > 254:
        raise Invalid("This is no e-mail address. Write it as in name@example.org.", field="email")


def ascii_host(domain: str) -> str:
    """A host name as the network has it: müller.example is xn--mller-kva.example there.

    Raises:
        ValueError: it is none.
    """
    import idna

    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
