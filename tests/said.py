"""Sources that are told what they shall read: answers without a network, for what is made of them."""

from __future__ import annotations

import json
from pathlib import Path

from moviefinder.config import Settings
from moviefinder.errors import NotFound
from moviefinder.records import Ref
from moviefinder.sources.imdb import ImdbSource
from moviefinder.sources.imdb_graphql import ImdbGraphqlSource
from moviefinder.sources.tmdb import TmdbSource
from moviefinder.sources.wikidata import WikidataSource
from moviefinder.sources.wikipedia import WikipediaSource

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "tests" / "data" / "sources"
MATRIX = Ref("imdb", "tt0133093")
SOURCES = {
    "tmdb": TmdbSource,
    "imdb": ImdbSource,
    "imdb-graphql": ImdbGraphqlSource,
    "wikidata": WikidataSource,
    "wikipedia": WikipediaSource,
}
EVERYTHING = {"tmdb": {"key": "k"}, "imdb-graphql": {"client": "c", "on": True}}


class Said:
    """An outlet through which answers come as they were said: the first whose part of an address fits, in order."""

    def __init__(self, *answers):
        self.answers, self.asked = answers, []

    def outlet(self, name, hosts, *, every_s):
        """The same for every source."""
        return self

    def get_json(self, url, *, headers=None, fresh=None, shape=None):
        """What was said to this address."""
        return self.post_json(url, None, headers=headers, fresh=fresh, shape=shape)

    def post_json(self, url, body, *, headers=None, fresh=None, shape=None):
        """What was said to this address, whatever the question."""
        self.asked.append(url)
        for part, answer in self.answers:
            if part in url:
                return shape(answer)
        raise NotFound(url)


def sample(path):
    """One of our samples."""
    return json.loads((SAMPLES / path).read_text())


def samples(name, **changed):
    """A source that is told our samples about The Matrix; changed answers go before them."""
    told = {
        "tmdb": [("/find/", "tmdb/find-tt0133093.json"), ("/movie/", "tmdb/movie-603.json")],
        "imdb": [("/suggestion/", "imdb/the-matrix.json")],
        "imdb-graphql": [("", "imdb-graphql/tt0133093.json")],
        "wikidata": [
            ("list=search", "wikidata/search-tt0133093.json"),
            ("ids=Q83495&", "wikidata/Q83495.json"),
            ("props=labels&", "wikidata/labels-Q83495.json"),
        ],
    }
    told["wikipedia"] = [("/page/summary/", "wikipedia/The_Matrix.json"), *told["wikidata"]]
    said = Said(*changed.items(), *((part, sample(path)) for part, path in told[name]))
    return SOURCES[name](said, Settings(sources=EVERYTHING))


def source(name, *answers, **given):
    """A source that is told this."""
    return SOURCES[name](Said(*answers), Settings(sources=EVERYTHING, **given))


def people(film, role):
    """Names in a role, in order."""
    return [credit.name for credit in film.credits if credit.role is role]
