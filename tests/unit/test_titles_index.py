"""The title index finds what is meant, forgives errors, and orders by fit, then popularity."""

import random
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviefinder.catalogue import open_catalogue
from moviefinder.errors import Invalid
from moviefinder.records import Kind
from moviefinder.titles.fold import fold
from moviefinder.titles.index import Match, TitleIndex, TitleRow


def rows_of(*titles: str) -> list[TitleRow]:
    """Give titles as rows, best known first; "Se7en|Seven (1995)" has an alternative title and a year."""
    rows = []
    for rank, text in enumerate(titles, 1):
        names, _, year = text.removesuffix(")").partition(" (")
        rows += [
            TitleRow(
                film_id=rank,
                folded=fold(name),
                year=int(year) if year else None,
                kind=Kind.MOVIE,
                popularity=rank,
                is_main=n == 0,
            )
            for n, name in enumerate(names.split("|"))
        ]
    return rows


class Shipped:
    """The index of the shipped catalogue, by titles instead of numbers."""

    def __init__(self) -> None:
        self.catalogue = open_catalogue()
        films, titles = self.catalogue.films, self.catalogue.titles
        self.rows = [
            TitleRow(
                film_id=film,
                folded=folded,
                year=films.year[film],
                kind=Kind(films.kind[film]),
                popularity=film + 1,
                is_main=is_main,
            )
            for film, folded, is_main in zip(
                map(int, titles.film), titles.folded, map(bool, titles.is_main), strict=True
            )
        ]
        self.index = TitleIndex.build(self.rows)

    def search(self, query: str, *, kind: Kind | None = None, limit: int = 10) -> list[str]:
        """Give titles with years, as "Heat (1995)"."""
        films = self.catalogue.films
        return [
            f"{films.title[match.film_id]} ({films.year[match.film_id]})"
            for match in self.index.search(query, kind=kind, limit=limit)
        ]


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    """Give the shipped titles, indexed once for all tests."""
    return Shipped()


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("godfathr", "The Godfather (1972)"),
        ("haet", "Heat (1995)"),
        ("the matrx", "The Matrix (1999)"),
        ("natrix", "The Matrix (1999)"),
        ("teh matrix", "The Matrix (1999)"),  # codespell:ignore teh
        ("Godfather, The", "The Godfather (1972)"),
        ("godfather the", "The Godfather (1972)"),
        ("up", "Up (2009)"),
        ("it", "It (2017)"),
        ("alien", "Alien (1979)"),
        ("aliens", "Aliens (1986)"),
        ("alien 3", "Alien³ (1992)"),
        ("star", "Star Wars (1977)"),
        ("star wrs", "Star Wars (1977)"),
        ("1917", "1917 (2019)"),
        ("2001 a sp", "2001: A Space Odyssey (1968)"),
        ("blade runner 2049", "Blade Runner 2049 (2017)"),
        ("heat 1995", "Heat (1995)"),
        ("heat (1995)", "Heat (1995)"),
        ("heat 19", "Heat (1995)"),
        ("spiderman", "Spider-Man (2002)"),
        ("spidrman", "Spider-Man (2002)"),
        ("spiderman 2002", "Spider-Man (2002)"),
        ("wall e", "WALL·E (2008)"),
        ("walle", "WALL·E (2008)"),
        ("se7en", "Se7en (1995)"),
        ("8 1/2", "8½ (1963)"),
        ("m*a*s*h", "M*A*S*H (1970)"),
        ("mash", "M*A*S*H (1970)"),
        ("rocky 2", "Rocky II (1979)"),
        ("10", "10 (1979)"),
        ("ocean's 11", "Ocean's Eleven (2001)"),
        ("12 angry", "12 Angry Men (1957)"),
        ("thegodfather", "The Godfather (1972)"),
        ("the god fathr", "The Godfather (1972)"),
        ("xmen", "X-Men (2000)"),
        ("jaws 3", "Jaws 3-D (1983)"),
        ("god father", "The Godfather (1972)"),
        ("la la land", "La La Land (2016)"),
        ("die h", "Die Hard (1988)"),
        ("a beautiful m", "A Beautiful Mind (2001)"),
        ("brother where", "O Brother, Where Art Thou? (2000)"),
        ("amelie", "Amélie (2001)"),
        ("fast and furious", "Fast & Furious (2009)"),
        ("away spirited", "Spirited Away (2001)"),
        ("sprited awya", "Spirited Away (2001)"),  # codespell:ignore awya
        ("shwashank redmption", "The Shawshank Redemption (1994)"),
        ("game of thr", "Game of Thrones (2011)"),
    ],
)
def test_what_is_meant_comes_first(shipped: Shipped, query: str, first: str) -> None:
    """Queries as people type them put the film that they mean first."""
    assert shipped.search(query)[0] == first


def test_the_kind_is_chosen_before_the_cut(shipped: Shipped) -> None:
    """Asking for series gives as many as there are room for, however many films fit better."""
    found = shipped.index.search("the", kind=Kind.SERIES, limit=10)
    assert len(found) == 10
    assert {shipped.catalogue.films.kind[match.film_id] for match in found} == {"series"}


def test_every_title_finds_its_film(shipped: Shipped) -> None:
    """A whole title has its film among the first ten, unless more than ten have that very title."""
    rng = random.Random(11)
    for row in rng.sample(shipped.rows, 400):
        assert row.film_id in {match.film_id for match in shipped.index.search(row.folded)}


def test_the_first_letters_of_each_word_find_the_film(shipped: Shipped) -> None:
    """The beginning of any word of a title finds it, given room for all that share that."""
    rng = random.Random(12)
    for row in rng.sample(shipped.rows, 100):
        for word in row.folded.split():
            assert row.film_id in {
                match.film_id for match in shipped.index.search(word[:3], limit=len(shipped.rows))
            }


@pytest.mark.parametrize("seed", range(4))
def test_a_title_with_one_error_in_each_long_word_finds_its_film(shipped: Shipped, seed: int) -> None:
    """A wrong, missing, extra or swapped letter in every word of five letters or more is forgiven, the first too."""
    rng = random.Random(seed)
    sample = [row for row in rng.sample(shipped.rows, 500) if len(row.folded) >= 10 and row.folded.isascii()]
    found = 0
    for row in sample:
        query = " ".join(misspelt(word, rng) if len(word) >= 5 else word for word in row.folded.split())
        found += row.film_id in {match.film_id for match in shipped.index.search(query)}
    assert found >= 0.97 * len(sample)


def misspelt(word: str, rng: random.Random) -> str:
    """Put one error into a word."""
    at, letter = rng.randrange(len(word)), rng.choice("abcdefghijklmnopqrstuvwxyz")
    return rng.choice(
        [
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
        ]
    )


LETTERS = st.text(alphabet="abcdefgh", min_size=6, max_size=10)


@given(title=st.lists(LETTERS, min_size=1, max_size=4), data=st.data())
def test_one_error_anywhere_is_forgiven(title: list[str], data: st.DataObject) -> None:
    """Whatever word, place, letter and kind of error: the only title there is is found."""
    index = TitleIndex.build(rows_of(" ".join(title)))
    rng = random.Random(data.draw(st.integers(0, 10**6)))
    chosen = data.draw(st.integers(0, len(title) - 1))
    query = " ".join([*title[:chosen], misspelt(title[chosen], rng), *title[chosen + 1 :]])
    assert [match.film_id for match in index.search(query)] == [1]


@given(title=st.text(), others=st.lists(st.text(), max_size=8))
def test_any_title_finds_itself(title: str, others: list[str]) -> None:
    """Whatever the script, a title that folds to something is found by typing it."""
    folded = [text for text in map(fold, [title, *others]) if text]
    rows = [
        TitleRow(film_id=n, folded=text, year=None, kind=Kind.MOVIE, popularity=n + 1, is_main=True)
        for n, text in enumerate(folded)
    ]
    found = TitleIndex.build(rows).search(title, limit=20)
    if fold(title[:200]) == fold(title) and len(title.split()) <= 16 and fold(title):
        assert 0 in {match.film_id for match in found}


@settings(deadline=None)
@given(query=st.text() | st.text(alphabet="aehmrtx 1290'*-", max_size=250))
def test_any_query_is_safe(shipped: Shipped, query: str) -> None:
    """No text raises; films come once, best first, no more than asked for; the same again when asked again."""
    found = shipped.index.search(query, limit=7)
    assert len(found) <= 7
    assert len({match.film_id for match in found}) == len(found)
    assert [match.fit for match in found] == sorted((match.fit for match in found), reverse=True)
    assert shipped.index.search(query, limit=7) == found
    assert shipped.index.search(query, limit=3) == found[:3]


@pytest.mark.parametrize("query", ["a " * 100_000, "x" * 1_000_000, "\0" * 10_000, "’" * 10_000, "the " * 40])
def test_a_long_query_takes_no_time(shipped: Shipped, query: str) -> None:
    """Only the beginning of a query counts."""
    start = time.process_time()
    shipped.index.search(query)
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("query", ["", " ", "\t\n", "...", "\0"])
def test_an_empty_query_finds_nothing(query: str) -> None:
    """Nothing typed is nothing found."""
    assert TitleIndex.build(rows_of("Heat", "The Matrix")).search(query) == []


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    """An index without titles can be made, kept and asked."""
    TitleIndex.build([]).save(tmp_path / "titles")
    index = TitleIndex.load(tmp_path / "titles")
    assert len(index) == 0
    assert index.search("heat") == index.search("heat 1995") == []


def test_a_film_appears_once_by_its_best_title() -> None:
    """A main and an alternative title that both fit give one row."""
    index = TitleIndex.build(rows_of("Spirited Away|Spirited Away of Sen", "Spirited Men"))
    assert sorted(match.film_id for match in index.search("spirited")) == [1, 2]


def test_equal_titles_are_ordered_by_popularity() -> None:
    """Of two films with one title the better known comes first."""
    rows = rows_of("Heat (1995)", "Heat (1986)", "Heat (1972)")
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        assert [match.film_id for match in TitleIndex.build(rows).search("heat")] == [1, 2, 3]


def test_a_year_picks_among_equal_titles() -> None:
    """A year beside the title brings the film of that year to the front."""
    index = TitleIndex.build(rows_of("Heat (1995)", "Heat (1986)", "Heat (1972)", "1972 (2006)"))
    assert index.search("heat 1986")[0].film_id == 2
    assert index.search("heat 1972")[0].film_id == 3
    assert index.search("1972")[0].film_id == 4


def test_the_main_title_counts_more_than_an_alternative() -> None:
    """When a film is called what another is also called, the former comes first even if it is less known."""
    index = TitleIndex.build(rows_of("Abre los ojos|Open Your Eyes", "Open Your Eyes"))
    assert [match.film_id for match in index.search("open your eyes")] == [2, 1]


def test_a_saved_index_answers_alike(shipped: Shipped, tmp_path: Path) -> None:
    """Saving and loading change no answer."""
    shipped.index.save(tmp_path / "deep" / "titles")
    index = TitleIndex.load(tmp_path / "deep" / "titles")
    assert len(index) == len(shipped.rows)
    for query in ("godfathr", "star", "heat 1995", "a", "千と千尋"):
        assert index.search(query) == shipped.index.search(query)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["titles"]


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "older", "other"])
def test_a_damaged_file_is_refused(tmp_path: Path, damage: str) -> None:
    """A file that is not whole, or not ours, raises with a remedy and answers nothing."""
    path = tmp_path / "titles"
    TitleIndex.build(rows_of("Heat", "The Matrix")).save(path)
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[-100] ^= 1
    path.write_bytes(
        {
            "empty": b"",
            "cut": bytes(content[:-64]),
            "flipped": bytes(content),
            "older": b"MFTITLE0" + bytes(content[8:]),
            "other": b"PK\x03\x04",
        }[damage]
    )
    with pytest.raises(Invalid, match="Delete it"):
        TitleIndex.load(path)


def test_eight_threads_get_the_answers_of_one(shipped: Shipped) -> None:
    """Searching at once from eight threads changes nothing."""
    queries = [row.folded[:7] for row in random.Random(5).sample(shipped.rows, 60)]
    expected = [shipped.index.search(query) for query in queries]
    answers: list[list[list[Match]]] = []

    def ask() -> None:
        answers.append([shipped.index.search(query) for query in queries])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 8
