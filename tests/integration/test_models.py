"""Models are put into use while MovieFinder runs; a broken one never takes the place of a good one."""

import random
import threading
from datetime import UTC, datetime

import numpy as np
import pytest

from moviefinder.app import make_app
from moviefinder.cli.data_folder import prepare
from moviefinder.config import Settings
from moviefinder.errors import Invalid
from moviefinder.recommend import Taste, ranked
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from moviefinder.recommend.model_file import load, save
from moviefinder.records import Kind
from moviefinder.services import films, library, models
from moviefinder.services.accounts import sessions
from moviefinder.services.catalogue import install
from moviefinder.store.shelves import SHIPPED_MODEL
from moviefinder.web import create_app
from tests.conftest import NOW
from tests.factories import make_catalogue, make_film, make_model

URL = "/api/v1/recommendations"
N = 40


def some_model(seed=1, **meta):
    """A model of forty films with random links."""
    rng = np.random.default_rng(seed)
    rows = [
        [
            (int(j), int(few), int(many))
            for j, few, many in zip(
                rng.choice(N, 12, replace=False),
                rng.integers(-40, 127, 12),
                rng.integers(-99, 99, 12),
                strict=True,
            )
        ]
        for _ in range(N)
    ]
    broad = rng.normal(0, 0.1, (2, N, 2))
    return make_model(rows, broad_source=broad[0], broad_target=broad[1], meta=meta)


@pytest.fixture
def published(app, tmp_path):
    """Put a model into use: `published(seed=2, version="b")`."""

    def publish(seed=1, **meta):
        save(some_model(seed, **meta), tmp_path / "trained.npz")
        with app.transaction() as session:
            return models.publish(session, app.settings.data / "models", tmp_path / "trained.npz", now=NOW)

    return publish


def in_use(app):
    """The version of the model that an App uses now; None without one."""
    with app.reading() as session:
        learned = app.models.newest(session)
    return None if learned is None else learned.meta["version"]


def model_files(app):
    """The published files, last first."""
    return sorted((app.settings.data / "models").glob("*.npz"), key=lambda path: -path.stat().st_mtime_ns)


def test_without_any_model_the_votes_rank(app, client, say):
    """As before there was one."""
    assert in_use(app) is None
    say(1, verdict="liked")
    assert [item["film"]["title"] for item in client.get(URL).json["items"]][:2] == ["Film 2", "Film 3"]


def test_a_published_model_is_taken_up_by_every_process(app, published):
    """At the next request, by one that runs and by one that starts."""
    other = make_app(app.settings, shipped_model=app.settings.data / "none.npz")
    assert in_use(other) is None
    told = published(version="a")
    assert (told.number, told.version, told.films) == (1, "a", N)
    assert in_use(app) == in_use(other) == "a"
    assert published(seed=2, version="b").number == 2
    assert in_use(app) == in_use(other) == "b"
    other.close()


def test_a_later_start_maps_what_the_first_one_made(app, published):
    """One file for all processes, and none of the model before."""
    published()
    in_use(app)
    published(seed=2)
    in_use(app)
    [derived] = (app.settings.data / "titles").glob("model-*.arrays")
    made = derived.stat().st_mtime_ns
    other = make_app(app.settings)
    in_use(other)
    assert derived.stat().st_mtime_ns == made
    other.close()


def test_a_derived_file_that_cannot_be_read_or_replaced_stops_nobody(app, published):
    """The model is laid over the films in memory."""
    published(version="a")
    in_use(app)
    [derived] = (app.settings.data / "titles").glob("model-*.arrays")
    derived.unlink()
    derived.mkdir()
    other = make_app(app.settings)
    assert in_use(other) == "a"
    other.close()


def test_a_damaged_file_is_refused_and_changes_nothing(app, published, tmp_path):
    """In words, and the model in use stays."""
    published(version="good")
    path = tmp_path / "trained.npz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(Invalid, match="Name a file"), app.transaction() as session:
        models.publish(session, app.settings.data / "models", path, now=NOW)
    assert in_use(app) == "good"


def test_a_model_for_other_films_is_refused(app, tmp_path):
    """It would rank nothing here."""
    refs = tuple(f"imdb:tt{number:07d}" for number in range(9_000, 9_000 + N))
    save(make_model([[]] * N, refs=refs), tmp_path / "other.npz")
    with pytest.raises(Invalid, match="made for other films"), app.transaction() as session:
        models.publish(session, app.settings.data / "models", tmp_path / "other.npz", now=NOW)
    assert in_use(app) is None


def test_two_that_publish_at_once_take_turns(app, tmp_path):
    """Neither clears away the file of the other, and the earlier one stands by."""
    for seed, version in enumerate("ab"):
        save(some_model(seed, version=version), tmp_path / f"{version}.npz")

    def publish(session, version):
        models.publish(session, app.settings.data / "models", tmp_path / f"{version}.npz", now=NOW)

    def other():
        with app.transaction() as session:
            publish(session, "b")

    second = threading.Thread(target=other)
    with app.transaction() as session:
        publish(session, "a")
        second.start()
        second.join(0.5)
    second.join()
    assert in_use(app) == "b"
    model_files(app)[0].unlink()
    fresh = make_app(app.settings, shipped_model=tmp_path / "none.npz")
    assert in_use(fresh) == "a"
    fresh.close()


@pytest.mark.parametrize("harm", ["damaged", "gone"])
def test_the_model_before_is_used_where_the_last_one_is_lost(app, published, harm):
    """Even by a process that starts anew."""
    published(version="first")
    published(seed=2, version="second")
    newest = model_files(app)[0]
    newest.write_bytes(b"spoilt" * 100) if harm == "damaged" else newest.unlink()
    assert in_use(app) == "first"


def test_the_shipped_model_is_used_until_another_is_published(app, published, tmp_path):
    """A newer release brings a newer one; one that the operator chose goes before both."""
    shipped = tmp_path / "shipped.npz"
    for version in ("old", "new"):
        save(some_model(3, version=version), shipped)
        release = make_app(app.settings, shipped_model=shipped)
        assert in_use(release) == version
        release.close()
    published(version="mine")
    release = make_app(app.settings, shipped_model=shipped)
    assert in_use(release) == "mine"
    for path in model_files(app):
        path.unlink()
    for path in (app.settings.data / "titles").glob("model-*.arrays"):
        path.unlink()
    again = make_app(app.settings, shipped_model=shipped)
    assert in_use(again) == "new"
    release.close()
    again.close()


def test_a_newer_catalogue_lays_the_model_anew(app, published):
    """A film that the model does not know shifts nothing."""
    published()
    in_use(app)
    newer = [make_film(500), *(make_film(number) for number in range(1, N + 1))]
    with app.transaction() as session:
        install(session, make_catalogue(newer, version="2026.02.02-test"), now=NOW)
    with app.reading() as session:
        learned = app.models.newest(session)
        assert learned.places.ids.tolist() == app.films.newest(session).facts.ids.tolist()
    assert learned.known.tolist() == [False, *[True] * N]


SERIES = 30
"""Films from this position on are series, of which the model knows none."""


@pytest.fixture
def split(empty_app, tmp_path):
    """An App whose model knows thirty movies alone; similar lists lead on from them to ten series."""
    kinds = [Kind.MOVIE] * SERIES + [Kind.SERIES] * (N - SERIES)
    listed = [make_film(number, kind=kind) for number, kind in enumerate(kinds, 1)]
    similar = [[((at + 7) % N, 200), ((at + 11) % N, 100)] for at in range(N)]
    model = make_model([[(j, 50 + j, 0) for j in range(SERIES) if j != i] for i in range(SERIES)])
    save(model, tmp_path / "movies.npz")
    with empty_app.transaction() as session:
        install(session, make_catalogue(listed, similar), now=NOW)
        models.publish(session, empty_app.settings.data / "models", tmp_path / "movies.npz", now=NOW)
    return empty_app


def kinds_of(answer):
    """The kinds of a list, in order."""
    return [item["film"]["kind"] for item in answer["items"]]


def test_what_the_model_gives_nothing_comes_after_all_that_it_ranks(split):
    """Brought by the similar lists, so that nothing is out of reach."""
    client = somebody(split, create_app(split), [1, 2])
    answer = client.get(URL, query_string={"limit": 100}).json
    kinds = kinds_of(answer)
    assert kinds == ["movie"] * (SERIES - 2) + ["series"] * kinds.count("series")
    assert kinds.count("series") == N - SERIES
    scores = [item["score"] for item in answer["items"]]
    assert scores == sorted(scores, reverse=True)


def test_a_narrow_filter_fills_the_page_with_reasons_that_hold(split):
    """Series alone, of which the model knows none."""
    client = somebody(split, create_app(split), [1, 2])
    answer = client.get(URL, query_string={"kind": "series"}).json
    assert len(answer["items"]) == answer["count"] == N - SERIES
    for item in answer["items"]:
        assert {reason["film"]["title"] for reason in item["because"]} <= {"Film 1", "Film 2"}
        assert sum(reason["share"] for reason in item["because"]) == pytest.approx(1, abs=1e-3)


def test_who_likes_only_what_the_model_does_not_know_gets_the_votes(split):
    """A film that arrives after the training is no dead end."""
    client = somebody(split, create_app(split), [35])
    by_model, by_votes = (client.get(URL, query_string={"by": by}).json for by in ("model", "votes"))
    films_of = [[item["film"]["title"] for item in answer["items"]] for answer in (by_model, by_votes)]
    assert films_of[0] == films_of[1]
    assert films_of[0][:2] == ["Film 2", "Film 6"]


def test_each_way_of_ranking_can_be_asked_for(split):
    """Model and votes differ, and their sum has the films of both."""
    client = somebody(split, create_app(split), [1])
    lists = {
        by: client.get(URL, query_string={"by": by, "limit": 100}).json["items"]
        for by in ("model", "votes", "fused")
    }
    first = {by: items[0]["film"]["title"] for by, items in lists.items()}
    assert first == {"model": "Film 30", "votes": "Film 8", "fused": "Film 30"}
    assert {"movie", "series"} == set(kinds_of({"items": lists["fused"]}))


def test_a_refused_reason_and_more_of_another_change_the_ranking(app, published):
    """As the answers that stand in the database say."""
    published()
    web = create_app(app)
    client = somebody(app, web, [1, 2, 3])
    before = client.get(URL).json["items"]
    first, because = before[0]["film"]["id"], before[0]["because"][0]["film"]["id"]
    headers = {"X-Requested-With": "moviefinder"}
    client.put(f"{URL}/{first}/because/{because}", json={"say": "not"}, headers=headers)
    items = {item["film"]["id"]: item for item in client.get(URL, query_string={"limit": 100}).json["items"]}
    after = items.get(first)
    assert after is None or after["score"] < before[0]["score"]
    assert after is None or because not in [reason["film"]["id"] for reason in after["because"]]
    client.put(f"{URL}/{first}/because/{because}", json={"say": "more"}, headers=headers)
    assert client.get(URL).json["items"][0]["score"] > before[0]["score"]


def somebody(app, web, numbers):
    """A client who likes some films."""
    now = datetime.now(UTC)
    with app.transaction() as session:
        asker, token = sessions.make_guest(session, address="", user_agent="", per_hour=None, now=now)
        for number in numbers:
            film = films.film_id_of(session, f"imdb:tt{number:07d}")
            library.say(session, asker.user_id, film, {"verdict": "liked"}, now=now)
    client = web.test_client()
    client.set_cookie("moviefinder", token)
    return client


def check_equal(app, model, tastes):
    """The API's list is the one that the model's file gives, film by film."""
    row_of = {ref: row for row, ref in enumerate(model.refs)}
    engine, web = Linear(Learned.of_rows(model)), create_app(app)
    for numbers in tastes:
        told = [row_of[f"imdb:tt{number:07d}"] for number in numbers]
        taste = Taste(liked=dict.fromkeys(told, 1.0))
        expected = ranked(engine, taste)  # what the model gives nothing comes after, by the votes
        client = somebody(app, web, numbers)
        items = client.get(URL, query_string={"limit": 20, "by": "model"}).json["items"][: len(expected)]
        rows = [row_of[f"imdb:{item['film']['refs']['imdb']}"] for item in items]
        assert rows == expected.ids[:20].tolist()
        assert [item["score"] for item in items] == pytest.approx(expected.values[:20].tolist(), abs=1e-4)
        reasons = engine.explain(taste, expected.ids[:20], most=5)
        for row, item in zip(rows, items, strict=True):
            shares = [reason["share"] for reason in item["because"]]
            assert shares == pytest.approx([share for _, share in reasons[row]], abs=1e-4)


def sample(refs, most, seed=7):
    """The numbers of one to `most` films for a hundred people."""
    rng = random.Random(seed)
    numbers = [int(ref.removeprefix("imdb:tt")) for ref in refs if ref.startswith("imdb:")]
    return [rng.sample(numbers, rng.randint(1, most)) for _ in range(100)]


def test_the_api_answers_what_the_model_file_says(app, published):
    """For a hundred people: films, scores and shares."""
    published()
    model = load(model_files(app)[0])
    check_equal(app, model, sample(model.refs, 12))


@pytest.mark.slow
@pytest.mark.skipif(not SHIPPED_MODEL.exists(), reason="no model ships yet")
def test_the_api_answers_what_the_shipped_model_says(tmp_path):
    """Over the whole catalogue, for a hundred people who like well-known films."""
    (tmp_path / "data").mkdir()
    app, _ = prepare(Settings(data=tmp_path / "data"))
    model = load(SHIPPED_MODEL)
    check_equal(app, model, sample(model.refs[:3_000], 8))
    app.close()
