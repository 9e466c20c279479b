"""Signing in by somebody else's word: OpenID Connect, Facebook; linked to accounts here and unlinked again."""
