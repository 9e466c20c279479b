"""Names of languages and countries, as the data sets write them, to codes (BCP 47, ISO 3166-1)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

_OTHER_LANGUAGES: Final = {
    "mandarin": "cmn",
    "cantonese": "yue",
    "farsi": "fa",
    "serbo-croatian": "sh",
    "tagalog": "tl",
}
_OTHER_COUNTRIES: Final = {
    "czech republic": "CZ",
    "hong kong": "HK",
    "macao": "MO",
    "palestine": "PS",
    "turkey": "TR",
    "bosnia and herzegovina": "BA",
    "ivory coast": "CI",
    "myanmar": "MM",
    "united states of america": "US",
}


def languages(names: Iterable[str]) -> tuple[str, ...]:
    """BCP 47 codes of English language names, in their order; unknown names are left out."""
    return _codes(names, _language_codes())


def countries(names: Iterable[str]) -> tuple[str, ...]:
    """ISO 3166-1 alpha-2 codes of English country names, in their order; unknown names are left out."""
    return _codes(names, _country_codes())


def _codes(names: Iterable[str], known: dict[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(known[name.lower()] for name in names if name.lower() in known))


@cache
def _language_codes() -> dict[str, str]:
    from babel import Locale  # only a build needs it, and it is slow to import

    # Languages alone: "British English" (en_GB) is a way to speak one.
    named = {str(name).lower(): code for code, name in Locale("en").languages.items() if "_" not in code}
    return named | _OTHER_LANGUAGES


@cache
def _country_codes() -> dict[str, str]:
    from babel import Locale

    named = {str(name).lower(): code for code, name in Locale("en").territories.items() if len(code) == 2}
    return named | _OTHER_COUNTRIES
