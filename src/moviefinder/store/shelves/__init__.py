"""What every process keeps in memory of the films: facts and similar lists, the learned model, the title index.

A shelf looks at the table `versions` and makes anew what is newer, so that several processes agree. What comes of the
catalogue is mapped from files; what changed since lies over it. All of it is derived: losing it costs time, never data.
"""

from moviefinder.store.shelves.films import Films
from moviefinder.store.shelves.laid import film_shelf
from moviefinder.store.shelves.models import SHIPPED_MODEL, lay_over, model_shelf
from moviefinder.store.shelves.shelf import CATALOGUE, CHANGES, LOOK_EVERY_S, MODEL, LiveShelf, Shelf
from moviefinder.store.shelves.titles import title_shelf

__all__ = [
    "CATALOGUE",
    "CHANGES",
    "LOOK_EVERY_S",
    "MODEL",
    "SHIPPED_MODEL",
    "Films",
    "LiveShelf",
    "Shelf",
    "film_shelf",
    "lay_over",
    "model_shelf",
    "title_shelf",
]
