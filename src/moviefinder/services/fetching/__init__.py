"""What is asked of outside sources, and when: what a person's answer to a film calls for, and nothing else.

A source that is asked for a film learns that somebody here is interested in it, so little is asked:

- A film that somebody *liked*: its details by each source that is on, then its neighbours, and of each neighbour that
  is known by name only the details by one source. The neighbours of neighbours are never asked for: what is known
  grows where people like things.
- A film that somebody *saved*, has *seen* or finds *fine* stands on a card in their library: its details, no more.
- A film that was put away (*not for me*, *not tonight*): nothing, unless it is known by its reference alone.

What is there and fresh is not asked for again. A source is asked for a film's details before its neighbours, for with
most that is one question. Each job looks first whether its work is still wanted.
"""

from __future__ import annotations

from moviefinder.services.fetching.asking import ask_for_waiting, want
from moviefinder.services.fetching.errands import fetch_film, fetch_similar, refresh_facts

__all__ = ["ask_for_waiting", "fetch_film", "fetch_similar", "refresh_facts", "want"]
