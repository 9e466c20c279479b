"""The outside world, for tests: a server in a process of its own that answers as the services do, and fails as they do.

    with running() as stand_in:
        settings = Settings(**stand_in.settings())
        stand_in.fault("/tmdb/3/movie", "503", times=2)
        ...
        assert len(stand_in.journal("/tmdb")) == 3

What it knows: samples of our own (`tests/data/sources`), films of its own making (`made.py`), a picture for any
address of an image; with `recorded=True`, answers that were recorded (`../shared/fixtures`). `faults.py` lists how it
can fail. The addresses of what cannot fail on the same port (refused, silent, TLS) are in `stand_in.addresses`.
"""

from tests.stand_in.client import StandIn, running

__all__ = ["StandIn", "running"]
