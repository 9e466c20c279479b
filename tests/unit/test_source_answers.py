"""What each source makes of an answer: field by field, whatever is not as it should be is unknown."""

from copy import deepcopy
from dataclasses import replace

import pytest

from moviefinder.config import Settings
from moviefinder.errors import FilmNotFound, SourceNonsense, SourceOff, SourceUnavailable
from moviefinder.records import Credit, FilmRecord, Kind, Offer, Ref, Role, Way
from moviefinder.sources.imdb_graphql import ImdbGraphqlSource
from moviefinder.sources.tmdb import TmdbSource
from tests.said import MATRIX, Said, people, sample, samples, source

# TMDB


def test_tmdb_tells_all_of_a_film_at_once():
    """Cast by its order, the country's certificate and offers, the best trailer, all ids."""
    film = samples("tmdb").film(MATRIX)
    assert film.refs == (Ref("tmdb", "603"), MATRIX, Ref("wikidata", "Q83495"))
    assert (film.kind, film.title, film.year, film.runtime_min) == (Kind.MOVIE, "The Matrix", 1999, 136)
    assert (film.genres, film.languages, film.countries) == (("action", "sci-fi"), ("en",), ("US",))
    assert people(film, Role.DIRECTOR) == ["Lana Wachowski", "Lilly Wachowski"]
    assert film.credits[2] == Credit(name="Keanu Reeves", role=Role.ACTOR, position=0, character="Neo")
    assert people(film, Role.ACTOR) == ["Keanu Reeves", "Laurence Fishburne", "Carrie-Anne Moss"]
    assert (film.certificate, film.score, film.votes) == ("R", 8, 26000)
    assert film.trailer == "d0XTFAMmhrE"
    assert film.offers == (
        Offer(country="US", provider="Made-up Plus", way=Way.SUBSCRIPTION),
        Offer(country="US", provider="Corner Shop", way=Way.RENT),
    )
    assert film.original_title is None  # the same as the title
    assert set(film.sources.values()) == {"tmdb"}


def test_tmdb_is_asked_for_a_country_and_a_language():
    """Another country has another certificate and other offers, another language another trailer."""
    told = source("tmdb", ("/movie/603", sample("tmdb/movie-603.json")), language="de", country="DE")
    film = told.film(Ref("tmdb", "603"))
    assert (film.certificate, film.trailer) == ("16", "BBBBBBBBBBB")
    assert film.offers == (Offer(country="DE", provider="Eckladen", way=Way.BUY),)


def test_what_tmdb_leaves_empty_is_unknown():
    """Empty dates and texts, a running time of 0, no votes, no language, a country that is no more."""
    film = source("tmdb", ("/movie/900001", sample("tmdb/movie-900001.json"))).film(Ref("tmdb", "900001"))
    assert replace(film, sources={}) == FilmRecord(
        refs=(Ref("tmdb", "900001"),),
        kind=Kind.MOVIE,
        title="The Paper Lighthouse",
        original_title="纸灯塔",
    )


def test_a_series_of_tmdb_has_creators_an_end_and_a_rating():
    """Its number is of another namespace than a movie's."""
    film = source("tmdb", ("/tv/900002", sample("tmdb/tv-900002.json"))).film(Ref("tmdb-tv", "900002"))
    assert film.refs == (Ref("tmdb-tv", "900002"), Ref("imdb", "tt9900002"))
    assert (film.kind, film.year, film.end_year, film.runtime_min) == (Kind.SERIES, 2011, 2019, 48)
    assert (film.genres, film.countries, film.certificate) == (
        ("sci-fi", "fantasy", "drama"),
        ("GB",),
        "TV-14",
    )
    assert people(film, Role.CREATOR) == ["Ada Made"]
    assert people(film, Role.DIRECTOR) == []


def test_tmdb_recommends_before_it_compares():
    """First what it recommends, then what it calls similar, each once, without the film itself."""
    titles = [film.title for film in samples("tmdb").similar(MATRIX)]
    assert titles == ["The Matrix Reloaded", "Pulp Fiction", "The Paper Lighthouse", "The Matrix Revolutions"]


def test_a_search_at_tmdb_finds_films_alone():
    """Neither people nor collections; movies and series by their own numbers."""
    found = source("tmdb", ("/search/multi", sample("tmdb/search-the-matrix.json"))).search("the matrix")
    assert [str(film.refs[0]) for film in found] == ["tmdb:603", "tmdb:604", "tmdb-tv:900004"]
    assert found[0].genres == ("action", "sci-fi")


def test_tmdb_without_a_key_has_posters_alone():
    """And says what it lacks."""
    tmdb = TmdbSource(Said(), Settings())
    assert ([str(able) for able in tmdb.can], tmdb.needs) == (["poster"], "key")
    assert [host.host for host in tmdb.hosts] == ["image.tmdb.org"]
    with pytest.raises(SourceOff):
        tmdb.film(MATRIX)


def test_an_answer_about_another_film_is_nonsense():
    """It would be kept as this one's."""
    other = sample("tmdb/movie-603.json") | {"id": 604}
    with pytest.raises(SourceNonsense):
        source("tmdb", ("/movie/603", other)).film(Ref("tmdb", "603"))
    graphql = deepcopy(sample("imdb-graphql/tt0133093.json"))
    graphql["data"]["title"]["id"] = "tt0000001"
    with pytest.raises(SourceNonsense):
        source("imdb-graphql", ("", graphql)).film(MATRIX)


# IMDb


def test_suggestions_of_imdb_are_films_alone():
    """No people, games, episodes, music videos, podcasts or lists; stars may be missing."""
    found = samples("imdb").search("The Matrix")
    assert [film.title for film in found] == ["The Matrix", "The Matrix Reloaded", "Matrix Unannounced"]
    assert people(found[0], Role.ACTOR) == ["Keanu Reeves", "Laurence Fishburne"]
    assert found[0].poster == "MV5BMadett0133093@"
    assert (found[2].year, found[2].credits, found[2].poster) == (None, (), None)


def test_a_series_of_imdb_has_both_its_years():
    """An end only where it has ended."""
    answer = sample("imdb/the-night-ferry.json")
    for years, end in (("2011-2019", 2019), ("2011-", None), ("2011–2019", None), (2011, None)):
        answer["d"][0]["yr"] = years
        film = source("imdb", ("", answer)).search("the night ferry")[0]
        assert (film.kind, film.year, film.end_year) == (Kind.SERIES, 2011, end)


def test_imdb_is_asked_in_one_form():
    """Case, spaces and slashes make no other question; what is typed never leaves its place in the address."""
    imdb = samples("imdb")
    for typed in ("The Matrix", "  THE   matrix ", "the/matrix"):
        imdb.search(typed)
    assert set(imdb._outlet.asked) == {
        "https://v3.sg.media-imdb.com/suggestion/titles/x/the%20matrix.json?includeVideos=0"
    }
    imdb.search("../../évil?x=1#&%2e")
    assert imdb._outlet.asked[-1].removeprefix("https://v3.sg.media-imdb.com/suggestion/titles/x/") == (
        "..%20..%20%C3%A9vil%3Fx%3D1%23%26%252e.json?includeVideos=0"
    )


def test_a_poster_of_imdb_is_named_by_its_own_host_alone():
    """An address elsewhere is no poster."""
    answer = sample("imdb/tt0133093.json")
    for url in (
        "http://m.media-amazon.com/images/M/MV5BMade@._V1_.jpg",
        "https://evil.example/images/M/MV5BMade@._V1_.jpg",
        "https://m.media-amazon.com/images/M/../../x._V1_.jpg",
        "https://m.media-amazon.com/images/M/MV5BMade@._V1_.svg",
        None,
        7,
    ):
        answer["d"][0]["i"]["imageUrl"] = url
        assert source("imdb", ("", answer)).film(MATRIX).poster is None


def test_imdbs_graphql_tells_a_film_and_what_is_beside_it():
    """Genres and codes that are none of ours are left out, and what is no film."""
    graphql = samples("imdb-graphql")
    film = graphql.film(MATRIX)
    assert (film.year, film.runtime_min, film.certificate, film.score) == (1999, 136, "R", 8.7)
    assert (film.genres, film.languages, film.countries) == (("action", "sci-fi"), ("en",), ("US", "AU"))
    assert people(film, Role.DIRECTOR) == ["Lana Wachowski", "Lilly Wachowski"]
    assert [(credit.name, credit.character) for credit in film.credits if credit.role is Role.ACTOR] == [
        ("Keanu Reeves", "Neo"),
        ("Hugo Weaving", None),
    ]
    similar = graphql.similar(MATRIX)
    assert [film.title for film in similar] == ["Inception", "The Matrix Reloaded", "Nothing Is Known"]
    assert (similar[2].year, similar[2].score, similar[2].votes, similar[2].poster) == (None,) * 4


def test_imdbs_graphql_says_when_there_is_no_film():
    """No title, or one that is a game: not found. No data: nonsense. No client: off."""
    with pytest.raises(FilmNotFound):
        source("imdb-graphql", ("", sample("imdb-graphql/none.json"))).film(MATRIX)
    with pytest.raises(FilmNotFound):
        source("imdb-graphql", ("", sample("imdb-graphql/game.json"))).film(Ref("imdb", "tt0277828"))
    with pytest.raises(SourceNonsense):
        source("imdb-graphql", ("", {"errors": [{"message": "Cannot query field"}]})).film(MATRIX)
    with pytest.raises(SourceOff):
        ImdbGraphqlSource(Said(), Settings()).film(MATRIX)


def test_an_adult_film_is_marked():
    """It is never recommended, so it must be known."""
    tmdb, graphql = sample("tmdb/movie-603.json"), sample("imdb-graphql/tt0133093.json")
    tmdb["adult"] = graphql["data"]["title"]["isAdult"] = True
    labels = sample("wikidata/labels-Q83495.json")
    labels["entities"]["Q24925"]["labels"]["en"]["value"] = "pornographic film"
    assert source("tmdb", ("/movie/603", tmdb)).film(Ref("tmdb", "603")).adult
    assert source("imdb-graphql", ("", graphql)).film(MATRIX).adult
    assert samples("wikidata", **{"props=labels&": labels}).film(MATRIX).adult
    assert not samples("tmdb").film(MATRIX).adult


# Wikidata and Wikipedia


def test_wikidata_tells_facts_by_the_statements_that_count():
    """Names by number, the earliest year that is known to the year, the video that is said to be a trailer."""
    film = samples("wikidata").film(MATRIX)
    assert film.refs == (Ref("wikidata", "Q83495"), MATRIX, Ref("tmdb", "603"))
    assert (film.title, film.alternative_titles, film.year) == ("The Matrix", ("Matrix 1",), 1999)
    assert (film.runtime_min, film.trailer) == (136, "m8e-FF8MsqU")
    assert (film.genres, film.languages, film.countries) == (("sci-fi", "action"), ("en",), ("US", "AU"))
    assert people(film, Role.DIRECTOR) == ["Lana Wachowski", "Lilly Wachowski"]
    assert people(film, Role.ACTOR) == ["Keanu Reeves", "Laurence Fishburne"]


def test_wikidata_is_asked_in_a_language():
    """Names of films in it; genres and places are read by their English names all the same."""
    told = [(part, sample(path)) for part, path in (
        ("list=search", "wikidata/search-tt0133093.json"),
        ("ids=Q83495&", "wikidata/Q83495.json"),
        ("props=labels&", "wikidata/labels-Q83495.json"),
    )]  # fmt: skip
    film = source("wikidata", *told, language="de").film(MATRIX)
    assert (film.title, film.original_title) == ("Matrix", "The Matrix")
    assert (film.genres, film.languages) == (("sci-fi", "action"), ("en",))


def test_a_series_of_wikidata_runs_from_year_to_year():
    """Its kind by TMDB's number where its class is a rare one; empty maps come as lists."""
    told = [(part, sample(path)) for part, path in (
        ("list=search", "wikidata/search-tt9900002.json"),
        ("ids=Q900002&", "wikidata/Q900002.json"),
        ("props=labels&", "wikidata/labels-Q900002.json"),
    )]  # fmt: skip
    film = source("wikidata", *told).film(Ref("imdb", "tt9900002"))
    assert (film.kind, film.title, film.year, film.end_year) == (Kind.SERIES, "The Night Ferry", 2011, 2019)
    assert (film.runtime_min, film.genres, film.trailer) == (48, ("romance", "comedy"), "DDDDDDDDDDD")
    assert people(film, Role.CREATOR) == ["Ada Made"]


@pytest.mark.parametrize(
    ("search", "entity"),
    [
        ("search-none", "Q83495"),  # nobody has this number
        ("search-twice", "Q83495"),  # two items have it, and one is wrong
        ("search-tt0277828", "Q900003"),  # a game
        ("search-tt0133093", "missing"),  # deleted meanwhile
    ],
)
def test_wikidata_does_not_guess(search, entity):
    """What is not one film is not found."""
    told = (("list=search", sample(f"wikidata/{search}.json")), ("ids=", sample(f"wikidata/{entity}.json")))
    with pytest.raises(FilmNotFound):
        source("wikidata", *told).film(MATRIX)


def test_wikidata_may_ask_us_to_wait():
    """It answers that it is busy with status 200."""
    for code, error in (
        ("ratelimited", SourceUnavailable),
        ("maxlag", SourceUnavailable),
        ("x", SourceNonsense),
    ):
        with pytest.raises(error):
            source("wikidata", ("", {"error": {"code": code, "info": "…"}})).film(MATRIX)


def test_wikipedia_is_quoted_with_the_page_it_is_from():
    """The address is made here from the article's title, never taken from the answer."""
    answer = sample("wikipedia/The_Matrix.json")
    answer["content_urls"]["desktop"]["page"] = "https://evil.example/"
    film = samples("wikipedia", **{"/page/summary/": answer}).film(MATRIX)
    assert film.description == answer["extract"]
    assert film.description_url == "https://en.wikipedia.org/wiki/The_Matrix"
    assert film.sources == dict.fromkeys(("title", "description", "description_url"), "wikipedia")


def test_a_page_that_tells_of_something_else_is_not_quoted():
    """A list of meanings, another thing's article, no article in this language."""
    answer = sample("wikipedia/The_Matrix.json")
    for changed in ({"type": "disambiguation"}, {"wikibase_item": "Q1"}):
        with pytest.raises(FilmNotFound):
            samples("wikipedia", **{"/page/summary/": answer | changed}).film(MATRIX)
    item = sample("wikidata/Q83495.json")
    item["entities"]["Q83495"]["sitelinks"] = {}
    with pytest.raises(FilmNotFound):
        samples("wikipedia", **{"ids=Q83495&": item}).film(MATRIX)
