"""What each source said of a film, and the films that are merged from it.

A source's words are kept as they came, with their date and the end that its terms set (`facts`); the rows of a film are
derived from them, field by field by order of trust. Services that write here run in the caller's transaction.
"""

from __future__ import annotations

from moviefinder.services.facts.as_json import fields_of, from_json, to_json
from moviefinder.services.facts.expiring import MOST_AT_ONCE, dear, expire, forget_source, spoken_of
from moviefinder.services.facts.identity import contradict, film_of_ref, films_of_refs, refs_of
from moviefinder.services.facts.installing import install
from moviefinder.services.facts.joining import join_fitting
from moviefinder.services.facts.keeping import (
    Near,
    Told,
    ask_for_placing,
    keep,
    keep_all,
    keep_near,
    keep_nothing,
    set_similar,
    stub,
)
from moviefinder.services.facts.merging import CATALOGUE, by_trust, merge
from moviefinder.services.facts.reading import Detail, detail
from moviefinder.services.facts.rows import facts_of, hold, one_change, remerge, touch

__all__ = [
    "CATALOGUE",
    "MOST_AT_ONCE",
    "Detail",
    "Near",
    "Told",
    "ask_for_placing",
    "by_trust",
    "contradict",
    "dear",
    "detail",
    "expire",
    "facts_of",
    "fields_of",
    "film_of_ref",
    "films_of_refs",
    "forget_source",
    "from_json",
    "hold",
    "install",
    "join_fitting",
    "keep",
    "keep_all",
    "keep_near",
    "keep_nothing",
    "merge",
    "one_change",
    "refs_of",
    "remerge",
    "set_similar",
    "spoken_of",
    "stub",
    "to_json",
    "touch",
]
