"""Random secrets that people and browsers carry; of each the database keeps only the SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

TOKEN_BYTES: Final = 32


def new_secret(prefix: str = "") -> str:
    """256 random bits, in characters that an address and a header can hold."""
    return prefix + secrets.token_urlsafe(TOKEN_BYTES)


def hash_of(secret: str) -> bytes:
    """What is kept of a secret. A fast hash is enough: nobody guesses 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
