"""The data sets behind the catalogue, with their licences and the credit that each asks for."""

from __future__ import annotations

from typing import Final

SOURCES: Final[list[dict[str, str]]] = [
    {
        "name": "movielens",
        "licence": "LicenseRef-MovieLens",
        "url": "https://grouplens.org/datasets/movielens/latest/",
        "credit": (
            "F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context. "
            "ACM Transactions on Interactive Intelligent Systems (TiiS) 5, 4: 19:1-19:19. "
            "https://doi.org/10.1145/2827872"
        ),
    },
    {
        "name": "youtube-trailers",
        "licence": "CC-BY-4.0",
        "url": "https://grouplens.org/datasets/movielens/20m-youtube/",
        "credit": "Abu-El-Haija, Lee, Harper, Konstan. 2018. MovieLens 20M YouTube Trailers Dataset.",
    },
    {
        "name": "tmdb",
        "licence": "LicenseRef-TMDB",
        "url": "https://www.themoviedb.org/",
        "credit": (
            "This product uses TMDB and the TMDB APIs but is not endorsed, certified, or otherwise approved by TMDB."
        ),
    },
    {
        "name": "wikipedia",
        "licence": "MIT",
        "url": "https://github.com/prust/wikipedia-movie-data",
        "credit": "Cast names and countries from Wikipedia's lists of American films.",
    },
    {
        "name": "moviefinder",
        "licence": "MIT",
        "url": "",
        "credit": (
            "Worked out by ourselves: years and genres that were missing, series that were taken for movies, English "
            "where an American film has no other title."
        ),
    },
]
