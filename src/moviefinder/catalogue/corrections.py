"""What we know better than the data sets, checked by hand, by IMDb id.

MovieLens lists well-known series as movies, some without year or genre; a few rows are for adults only. Nothing here is
needed for a catalogue to be sound; each line makes it a little better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from moviefinder.catalogue.readers import Fact
from moviefinder.records import Kind, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What to put in place of what the data sets say; none leaves it."""

    is_series: bool = False
    title: str | None = None
    year: int | None = None
    genres: tuple[str, ...] = ()


ADULT: Final = frozenset(
    {
        "tt0120123",  # Shooting Porn
        "tt13077966",  # I Want You To Make a Disgusted Face and Show Me Your Underwear
        "tt37205655",  # Nukitashi the Animation
        "tt38895862",  # Yowayowa Sensei
        "tt39673615",  # Ingoku Danchi
        "tt41398126",  # Ichijyoma Mankitsu Gurashi!
    }
)

SAME_FILM: Final[Mapping[str, str]] = {
    "tt2492564": "tt2085059",  # Black Mirror, which MovieLens lists by another id, without year or genre
}
"""Another id of a film -> the one it goes by."""

_SERIES: Final = Correction(is_series=True)

CORRECTIONS: Final[Mapping[str, Correction]] = {
    "tt0061834": Correction(title="I Am Curious (Yellow)"),
    "tt0074006": _SERIES,  # I, Claudius
    "tt0075520": _SERIES,  # Jesus of Nazareth
    "tt0075572": _SERIES,  # Roots
    "tt0079844": _SERIES,  # Salem's Lot
    "tt0081846": Correction(is_series=True, year=1980, genres=("documentary",)),  # Cosmos
    "tt0092337": _SERIES,  # The Decalogue
    "tt0098769": _SERIES,  # The Civil War
    "tt0108906": _SERIES,  # The Kingdom
    "tt0112130": _SERIES,  # Pride and Prejudice
    "tt0127392": _SERIES,  # The Kingdom II
    "tt0142032": _SERIES,  # Dune
    "tt0185906": _SERIES,  # Band of Brothers
    "tt0259153": _SERIES,  # Rose Red
    "tt0289830": _SERIES,  # Taken
    "tt0296310": _SERIES,  # The Blue Planet
    "tt0303461": _SERIES,  # Firefly
    "tt0374463": _SERIES,  # The Pacific
    "tt0417349": _SERIES,  # North & South
    "tt0442632": _SERIES,  # Bleak House
    "tt0472027": _SERIES,  # John Adams
    "tt0795176": _SERIES,  # Planet Earth
    "tt0830361": _SERIES,  # The Lost Room
    "tt0877057": Correction(is_series=True, title="Death Note", genres=("animation", "crime", "mystery")),
    "tt1492030": _SERIES,  # Mildred Pierce
    "tt1655389": Correction(year=2022),  # Blonde
    "tt1806234": _SERIES,  # Human Planet
    "tt1837492": Correction(is_series=True, title="13 Reasons Why", year=2017, genres=("drama", "mystery")),
    "tt2395695": Correction(
        is_series=True, title="Cosmos: A Spacetime Odyssey", year=2014, genres=("documentary",)
    ),
    "tt2401256": _SERIES,  # The Night Of
    "tt2560140": _SERIES,  # Attack on Titan
    "tt2879552": _SERIES,  # 11.22.63
    "tt3012698": _SERIES,  # Olive Kitteridge
    "tt3718778": _SERIES,  # Over the Garden Wall
    "tt4299972": _SERIES,  # The Jinx
    "tt4357394": Correction(year=2018),  # Tau
    "tt4463816": Correction(year=2018),  # Terminal
    "tt4635282": Correction(is_series=True, year=2016, genres=("drama", "fantasy", "mystery")),  # The OA
    "tt4687108": Correction(year=2019),  # In the Tall Grass
    "tt5189670": _SERIES,  # Making a Murderer
    "tt5294518": Correction(year=2019),  # Eli
    "tt5491994": _SERIES,  # Planet Earth II
    "tt5516154": _SERIES,  # Godless
    "tt6111574": Correction(year=2021),  # The Woman in the Window
    "tt6259380": Correction(year=2019),  # Code 8
    "tt6769208": _SERIES,  # Blue Planet II
    "tt7167658": Correction(year=2018),  # The Death of Superman
    "tt7768848": _SERIES,  # Wild Wild Country
    "tt8201170": Correction(year=2019),  # The Perfect Date
    "tt9606374": Correction(year=2020),  # On the Rocks
    "tt9860728": Correction(year=2019),  # Falling Inn Love
}


def corrected(fact: Fact) -> Fact | None:
    """The fact as it should be; none for what is left out."""
    film = fact.record
    imdb = film.refs[0].value
    if imdb in ADULT:
        return None
    correction = CORRECTIONS.get(imdb)
    if correction is None:
        return fact
    better: dict[str, object] = {
        name: value
        for name in ("title", "year", "genres")
        if (value := getattr(correction, name)) and value != getattr(film, name)
    }
    sources = {**film.sources, **dict.fromkeys(better, "moviefinder")}
    if correction.is_series and film.kind is Kind.MOVIE:
        better["kind"] = Kind.SERIES
        better["credits"] = tuple(
            replace(credit, role=Role.CREATOR) if credit.role is Role.DIRECTOR else credit
            for credit in film.credits
        )
        # TMDB's number is one of its movies, as far as it has the series there at all.
        better["refs"] = film.refs[:1]
    return replace(fact, record=replace(film, **better, sources=sources))  # type: ignore[arg-type]  # mixed values
