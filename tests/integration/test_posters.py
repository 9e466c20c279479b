"""Posters: wanted, fetched by the queue, kept within bounds, and served."""

import io
import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import event, func, select, update

from moviefinder import worker
from moviefinder.app import make_app
from moviefinder.errors import FilmNotFound, SourceNonsense, SourceUnavailable
from moviefinder.services import images, posters
from moviefinder.sources import Capability
from moviefinder.store import jobs, models
from moviefinder.store.schema import prepare
from moviefinder.store.switches import set_switch
from moviefinder.web import create_app
from tests.conftest import WRITE, install
from tests.factories import make_catalogue, make_film

ONCE = pytest.mark.parametrize(
    "settings", ["sqlite"], indirect=True
)  # what has little to do with the database
HOSTILE = Path(__file__).resolve().parents[3] / "shared" / "fixtures-hostile"


def picture(number=1, size=(60, 90), kind="JPEG"):
    """A poster of its own colour."""
    file = io.BytesIO()
    Image.new("RGB", size, (number * 40 % 256, number * 90 % 256, 120)).save(file, kind)
    return file.getvalue()


class Pictures:
    """A source of another package that has posters alone; what it has may be changed meanwhile."""

    name = "pictures"
    title = "Pictures"
    can = frozenset({Capability.POSTER})
    takes = ("imdb",)
    hosts = ()
    keeps = timedelta(days=180)
    credit = ""
    needs = None

    def __init__(self):
        self.has = {f"/{number}.jpg": picture(number) for number in range(1, 8)}
        self.asked = []

    def poster(self, pointer):
        """What it has of this name."""
        self.asked.append(pointer)
        found = self.has.get(pointer, FilmNotFound(pointer))
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def source():
    """What the films of these tests point at."""
    return Pictures()


@pytest.fixture
def app(empty_app, source):
    """Eight films, of which seven have a poster at a source that is on."""
    install(empty_app, make_catalogue([make_film(number) for number in range(1, 9)]))
    with empty_app.transaction() as session:
        point_at(session, {number: f"/{number}.jpg" for number in range(1, 8)})
    settings = empty_app.settings.model_validate(
        empty_app.settings.model_dump() | {"sources": {"pictures": {"on": True}}}
    )
    return replace(empty_app, settings=settings, sources={**empty_app.sources, "pictures": source})


def point_at(session, pointers, source="pictures"):
    """Say where the posters of films are."""
    for number, pointer in pointers.items():
        session.execute(
            update(models.Film)
            .where(models.Film.id == number)
            .values(poster=pointer, sources={"poster": source})
        )


def want(client, *films):
    """What the page asks for."""
    response = client.post("/api/v1/posters", json={"films": films}, headers=WRITE)
    assert response.status_code == 202, response.json
    return response.json


def fetch(app, *films):
    """Want posters and have them fetched; gives what is ready then."""
    posters.wanted(app, films, now=datetime.now(UTC))
    worker.run_due(app)
    return dict(posters.wanted(app, films, now=datetime.now(UTC)).ready)


def files(app):
    """Everything in the folder."""
    return sorted(path.name for path in (app.settings.data / "posters").glob("**/*") if path.is_file())


def rows(app):
    """The rows by film."""
    with app.reading() as session:
        return {row.film_id: row for row in session.scalars(select(models.Poster))}


def change(app, film_id, **values):
    """Change a row by hand, as time would."""
    with app.transaction() as session:
        session.execute(update(models.Poster).where(models.Poster.film_id == film_id).values(**values))


def ago(**span):
    """So long before now."""
    return datetime.now(UTC) - timedelta(**span)


def forget_jobs(app):
    """As if nothing had been asked for yet."""
    with app.transaction() as session:
        session.execute(models.Job.__table__.delete())


# The whole way


def test_a_poster_that_is_wanted_is_fetched_and_shown(app, source, client):
    """Wanted, pending, fetched once, ready; every film that the API shows then names it."""
    assert want(client, 1, 2, 8, 999) == {"ready": {}, "pending": 2}
    assert want(client, 1, 2) == {"ready": {}, "pending": 2}
    worker.run_due(app)
    ready = want(client, 1, 2, 8)
    digest = sha256(source.has["/1.jpg"]).hexdigest()
    assert ready == {"ready": {"1": digest, "2": sha256(source.has["/2.jpg"]).hexdigest()}, "pending": 0}
    assert sorted(source.asked) == ["/1.jpg", "/2.jpg"]

    client.patch("/api/v1/library/1", json={"saved": True}, headers=WRITE)
    shown = [
        client.get("/api/v1/films/1").json,
        client.get("/api/v1/films?q=Film 1").json["items"][0],
        client.get("/api/v1/library?show=saved").json["items"][0]["film"],
        client.get("/api/v1/library/1").json["film"],
        client.get("/api/v1/films/8/similar").json["items"][0]["film"],
    ]
    for film in shown:
        assert (film["id"], film["poster"], film["has_poster"]) == (1, digest, True)
    client.patch("/api/v1/library/8", json={"verdict": "liked"}, headers=WRITE)
    recommended = {
        row["film"]["id"]: row["film"] for row in client.get("/api/v1/recommendations").json["items"]
    }
    assert recommended[2]["poster"]
    assert (recommended[3]["poster"], recommended[3]["has_poster"]) == (None, True)
    assert (
        client.get("/api/v1/films/8").json["poster"],
        client.get("/api/v1/films/8").json["has_poster"],
    ) == (
        None,
        False,
    )


@ONCE
def test_a_poster_is_served_in_every_width_and_format_for_ever(app, source, client):
    """With a fixed type, nothing that a browser could run, and the answers that caches hope for."""
    source.has["/1.jpg"] = picture(size=(500, 750))
    digest = fetch(app, 1)[1]
    for width in (160, 320, 480):
        for extension in ("webp", "avif"):
            address = f"/posters/{digest}-{width}.{extension}"
            with client.get(address) as response:
                assert response.status_code == 200
                headers, content = response.headers, response.data
            assert headers["Content-Type"] == f"image/{extension}"
            assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "Set-Cookie" not in headers
            with Image.open(io.BytesIO(content)) as shown:
                assert (shown.format.lower(), shown.size) == (extension, (width, width * 3 // 2))
            with client.get(address, headers={"If-None-Match": headers["ETag"]}) as again:
                assert (again.status_code, again.data) == (304, b"")
            with client.head(address) as head:
                assert (head.data, head.headers["Content-Length"]) == (b"", str(len(content)))


NO_POSTERS = """
{digest}-161.webp {digest}-160.jpeg {digest}-160.webp.gz {digest}-160.webp%00 {digest}-160.webp%0a {upper}-160.webp
{digest} .{digest}-160.webp {short}-160.webp ../moviefinder.db ..%2fmoviefinder.db %2e%2e/moviefinder.db
..%5cmoviefinder.db %2fetc%2fpasswd http:%2f%2f127.0.0.1%2fx.jpg {other}-160.webp {digest}-160.webp/.. .
"""


@ONCE
def test_any_other_address_is_none(app, client):
    """Only a hash, a width and a format name a file; nothing else is looked for."""
    digest = fetch(app, 1)[1]
    for name in ["", *NO_POSTERS.split()]:
        written = name.format(digest=digest, upper=digest.upper(), short=digest[:-1], other="f" * 64)
        with client.get(f"/posters/{written}") as response:
            assert response.status_code in (400, 404), written
            assert response.json["status"] == response.status_code
            assert "immutable" not in response.headers["Cache-Control"]


@ONCE
def test_what_is_asked_for_is_bounded_and_makes_nobody_a_guest(client):
    """A hundred films, numbers alone; an address is none."""
    for films in (list(range(1, 102)), ["https://evil.example/x.jpg"], [0], [-1], [2**40], [None], "1", {}):
        response = client.post("/api/v1/posters", json={"films": films}, headers=WRITE)
        assert response.status_code == 422, films
    response = client.post("/api/v1/posters", json={"films": []}, headers=WRITE)
    assert response.json == {"ready": {}, "pending": 0}
    assert "Set-Cookie" not in response.headers
    extra = {"films": [1], "url": "https://evil.example/x.jpg"}
    assert client.post("/api/v1/posters", json=extra, headers=WRITE).status_code == 422


def test_nothing_is_asked_of_a_source_that_is_off(app, source):
    """Offline, or nobody switched it on: films have no poster to come, but show the one that they have."""
    fetch(app, 1)
    for changed in ({"offline": True}, {"sources": {}}):
        settings = app.settings.model_validate(app.settings.model_dump() | changed)
        client = create_app(replace(app, settings=settings)).test_client()
        assert want(client, 1, 2) == {"ready": {"1": rows(app)[1].hash}, "pending": 0}
        assert client.get("/api/v1/films/1").json["has_poster"] is True
        assert client.get("/api/v1/films/2").json["has_poster"] is False
    want(create_app(app).test_client(), 2)  # on again, and off before the job is begun
    worker.run_due(replace(app, settings=app.settings.model_copy(update={"offline": True})))
    assert source.asked == ["/1.jpg"]


def test_looking_at_posters_writes_nothing(app, client):
    """Neither where all are there, nor while some are being fetched."""
    fetch(app, 1, 2, 3)
    want(client, 4)
    statements = []
    event.listen(app.engine, "before_cursor_execute", lambda *args: statements.append(args[2].split()[0]))
    want(client, 1, 2, 3, 4)
    client.get("/api/v1/films?q=Film")
    assert not {"INSERT", "UPDATE", "DELETE"} & set(statements)
    assert len(statements) < 20


def test_films_that_share_a_picture_share_its_files(app, source):
    """And keep them while one of them is left."""
    source.has["/2.jpg"] = source.has["/1.jpg"]
    ready = fetch(app, 1, 2)
    assert ready[1] == ready[2]
    assert len(files(app)) == 6
    change(app, 1, fetched_at=ago(days=200))
    posters.clean_up(app, now=datetime.now(UTC))
    assert list(rows(app)) == [2]
    assert len(files(app)) == 6


# What does not come


@ONCE
@pytest.mark.parametrize(
    "answer",
    [
        FilmNotFound("/1.jpg"),
        SourceNonsense("It sent no picture."),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture()[:-40],
        picture(size=(6_000, 5_000)),
        b"",
    ],
    ids=["missing", "nonsense", "svg", "cut", "huge", "empty"],
)
def test_what_is_not_there_or_not_taken_is_not_asked_for_again_for_a_month(app, source, client, answer):
    """Remembered, so that a wall of such films costs nothing; then tried once more."""
    source.has["/1.jpg"] = answer
    assert fetch(app, 1) == {}
    assert want(client, 1) == {"ready": {}, "pending": 0}
    assert client.get("/api/v1/films/1").json["has_poster"] is False
    assert (rows(app)[1].hash, files(app)) == ("", [])
    forget_jobs(app)
    change(app, 1, fetched_at=ago(days=29))
    assert want(client, 1)["pending"] == 0
    change(app, 1, fetched_at=ago(days=31))
    source.has["/1.jpg"] = picture()
    assert fetch(app, 1)
    assert len(source.asked) == 2


def test_a_silent_source_is_asked_again_later_and_not_for_ever(app, source, client):
    """The job waits; once it has failed, a page that shows the film does not begin anew for a day."""
    source.has["/1.jpg"] = SourceUnavailable("It does not answer.", retry_after_s=0)
    assert want(client, 1)["pending"] == 1
    worker.run_due(app)
    with app.reading() as session:
        job = session.scalars(select(models.Job)).one()
    assert (job.state, job.attempts) == ("failed", 8)
    assert want(client, 1) == {"ready": {}, "pending": 0}
    assert client.get("/api/v1/films/1").status_code == 200
    with app.transaction() as session:
        session.execute(update(models.Job).values(finished_at=ago(days=2)))
    assert want(client, 1)["pending"] == 1


def test_a_changed_pointer_is_followed_and_the_old_poster_shown_meanwhile(app, source, client):
    """Unless what it leads to cannot be used: then the old one stays, and is not tried again and again."""
    old = fetch(app, 1)[1]
    with app.transaction() as session:
        point_at(session, {1: "/7.jpg"})
    assert want(client, 1) == {"ready": {"1": old}, "pending": 1}
    worker.run_due(app)
    new = want(client, 1)["ready"]["1"]
    assert new == sha256(source.has["/7.jpg"]).hexdigest() != old
    with app.transaction() as session:
        point_at(session, {1: "/gone.jpg"})
    assert fetch(app, 1) == {1: new}
    assert want(client, 1) == {"ready": {"1": new}, "pending": 0}
    assert source.asked == ["/1.jpg", "/7.jpg", "/gone.jpg"]


# Within bounds


def test_the_posters_not_wanted_for_longest_make_room(app, source):
    """When the quota would be passed, with their files; those that somebody looked at stay."""
    small = app.settings.model_copy(update={"posters_mb": 10})
    app = replace(app, settings=small)
    fetch(app, 1, 2, 3, 4, 5, 6)
    for film_id in range(1, 7):
        change(app, film_id, bytes=1_666_600, used_at=ago(days=film_id))
    posters.wanted(app, [6], now=datetime.now(UTC))  # somebody looks at the oldest
    fetch(app, 7)
    left = rows(app)
    assert set(left) == {1, 2, 3, 4, 6, 7}
    assert {name[:64] for name in files(app)} == {row.hash for row in left.values()}
    change(app, 1, bytes=9_000_000)
    posters.clean_up(app, now=datetime.now(UTC))
    with app.reading() as session:
        assert session.scalar(select(func.sum(models.Poster.bytes))) <= 10_000_000
    assert {name[:64] for name in files(app)} == {row.hash for row in rows(app).values()}


@ONCE
def test_bytes_are_those_on_the_disk(app):
    """What the quota counts is what the files take."""
    fetch(app, 1)
    sizes = [path.stat().st_size for path in (app.settings.data / "posters").glob("*/*")]
    assert rows(app)[1].bytes == sum(sizes)


def test_posters_go_when_the_terms_of_their_source_end(app, source, client):
    """A day early at most; wanted again, they are fetched anew."""
    fetch(app, 1, 2)
    change(app, 1, fetched_at=ago(days=179, hours=1))
    change(app, 2, fetched_at=ago(days=178))
    posters.clean_up(app, now=datetime.now(UTC))
    assert list(rows(app)) == [2]
    assert len(files(app)) == 6
    assert fetch(app, 1, 2).keys() == {1, 2}
    assert source.asked.count("/1.jpg") == 2


def test_posters_of_a_source_that_is_gone_go_too(app):
    """Nobody knows its terms any more."""
    fetch(app, 1, 2)
    change(app, 1, source="gone", fetched_at=ago(days=31))
    change(app, 2, source="gone", fetched_at=ago(days=28))
    posters.clean_up(app, now=datetime.now(UTC))
    assert list(rows(app)) == [2]


def test_a_poster_that_comes_after_its_source_was_forgotten_is_not_kept(app, source):
    """It was asked for before, and what is forgotten must not come back by itself."""
    app = replace(app, settings=app.settings.model_copy(update={"sources": {}}))
    now = datetime.now(UTC)
    with app.transaction() as session:
        set_switch(session, "pictures", is_on=True, by=None, now=now)
    claim = jobs.Claim(id=1, kind="fetch_poster", key="1", payload={}, film_id=1, attempts=1, claims=1)
    write = posters.fetch_poster(app, claim)
    assert source.asked == ["/1.jpg"]
    with app.transaction() as session:
        set_switch(session, "pictures", is_on=False, by=None, now=now)
        posters.forget_source(session, "pictures")
    with app.transaction() as session:
        write(session, now)
    assert rows(app) == {}


def test_a_source_can_be_forgotten(app):
    """Its posters go at once, their files with the next cleaning."""
    fetch(app, 1)
    with app.transaction() as session:
        posters.forget_source(session, "pictures")
    assert rows(app) == {}
    age(app)
    posters.clean_up(app, now=datetime.now(UTC))
    assert files(app) == []


# Killed in between


def age(app):
    """Let the files be two hours old."""
    then = time.time() - 7_200
    for path in (app.settings.data / "posters").glob("*/*"):
        os.utime(path, (then, then))


def test_files_without_a_row_are_removed_once_they_are_old(app):
    """What a job leaves that dies between files and row; one that is under way keeps its own."""
    posters.wanted(app, [1], now=datetime.now(UTC))
    claim = claimed(app)
    posters.fetch_poster(app, claim)  # and dies before it writes its row
    (app.settings.data / "posters" / "ab").mkdir(exist_ok=True)
    (app.settings.data / "posters" / "ab" / ".abc-160.webp-x1").write_bytes(b"half a file")
    assert len(files(app)) == 7
    posters.clean_up(app, now=datetime.now(UTC))
    assert len(files(app)) == 7
    age(app)
    posters.clean_up(app, now=datetime.now(UTC))
    assert files(app) == []


def claimed(app):
    """Take the next job, as a worker does."""
    with app.transaction() as session:
        return jobs.claim(session, now=datetime.now(UTC))


def test_a_row_without_its_files_is_mended(app, source, client):
    """By whoever wants the poster, or by the cleaning; its address answers 404 until then."""
    digest = fetch(app, 1)[1]
    for path in (app.settings.data / "posters").glob("*/*"):
        path.unlink()
    assert client.get(f"/posters/{digest}-320.webp").status_code == 404
    assert want(client, 1) == {"ready": {}, "pending": 1}
    worker.run_due(app)
    assert want(client, 1)["ready"] == {"1": digest}
    next((app.settings.data / "posters").glob("*/*-480.avif")).unlink()
    posters.clean_up(app, now=datetime.now(UTC))
    assert (rows(app), files(app)) == ({}, [])
    assert fetch(app, 1) == {1: digest}
    assert source.asked == ["/1.jpg"] * 3


def test_a_worker_killed_at_any_moment_loses_no_poster(app, source):
    """Killed while it fetches, encodes, writes files or rows: the job is done again, and each file is whole."""
    source.has |= {pointer: picture(number, (500, 750)) for number, pointer in enumerate(source.has)}
    wanted_films = range(1, 8)
    posters.wanted(app, wanted_films, now=datetime.now(UTC))
    for after_s in (0.15, 0.4, 0.7, 1.0):
        pid = os.fork()
        if pid == 0:
            app.engine.dispose(close=False)
            worker.run_due(app)
            os._exit(0)
        time.sleep(after_s)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        with app.transaction() as session:
            session.execute(
                update(models.Job)
                .where(models.Job.state == "running")
                .values(state="queued", lease_until=None)
            )
    assert fetch(app, *wanted_films).keys() == set(wanted_films)
    age(app)
    posters.clean_up(app, now=datetime.now(UTC))
    assert len(files(app)) == 7 * len(images.FILE_NAMES)
    for path in (app.settings.data / "posters").glob("*/*"):
        with Image.open(path) as shown:
            shown.load()


# Hostile pictures


def memory_mb(name):
    """A line of what the kernel says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


@ONCE
@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="../shared: no Linux, no peak to measure"
)
def test_no_picture_makes_this_process_grow_or_write_elsewhere(app, source):
    """Bombs, and 10 MB of noise: what decodes them is another process, which comes home with small files or none."""
    bomb = io.BytesIO()
    Image.new("1", (13_000, 13_000)).save(bomb, "PNG")
    source.has = {
        "/1.jpg": bomb.getvalue(),
        "/2.jpg": os.urandom(10_000_000),
        "/3.jpg": picture(size=(4_080, 6_120)),
        "/4.jpg": picture(size=(4_080, 6_120), kind="PNG"),
        "/5.jpg": b"\xff\xd8\xff" + os.urandom(5_000_000),
    }
    paths = sorted(HOSTILE.glob("images-*/*"))[::12] if HOSTILE.is_dir() else []
    source.has |= {f"/{path.name}": path.read_bytes() for path in paths}
    before = {path for path in app.settings.data.glob("**/*") if "posters" not in path.parts}
    Path("/proc/self/clear_refs").write_text("5")
    at_first = memory_mb("VmRSS")
    for start, pointers in enumerate([list(source.has)[at : at + 7] for at in range(0, len(source.has), 7)]):
        forget_jobs(app)
        with app.transaction() as session:
            point_at(session, dict(enumerate(pointers, start=1)))
        ready = fetch(app, *range(1, 8))
        if start == 0:
            assert {3, 4} <= ready.keys()
            assert not {1, 2, 5} & ready.keys()
    assert memory_mb("VmHWM") - at_first <= 64
    left = {path for path in app.settings.data.glob("**/*") if "posters" not in path.parts}
    assert {path for path in left - before if "moviefinder.db" not in path.name} == set()
    with app.reading() as session:
        assert {state for (state,) in session.execute(select(models.Job.state))} == {"done"}


def taken_over(_data):
    """A decoder in somebody else's hands."""
    return {"160.webp": b"x", "../../moviefinder.db": b"x"}


def dies(_data):
    """A decoder that crashes."""
    os.kill(os.getpid(), signal.SIGSEGV)


@ONCE
def test_a_picture_of_which_three_children_died_is_not_taken(app, source, monkeypatch):
    """One death may be the machine's fault, so the picture is tried again later; three are the picture's."""
    monkeypatch.setattr(images, "files_or_reason", dies)
    for attempt in (1, 2, 3):
        assert fetch(app, 1) == {}
        assert (1 in rows(app)) == (attempt == 3)
        with app.transaction() as session:
            session.execute(update(models.Job).values(run_after=ago(minutes=1)))
    assert rows(app)[1].hash == ""
    assert len(source.asked) == 3


@ONCE
def test_a_decoder_that_answers_something_else_is_not_believed(app, monkeypatch, capsys):
    """Were it taken over, it could still only give what its six files are called."""
    monkeypatch.setattr(images, "files_or_reason", taken_over)
    assert fetch(app, 1) == {}
    assert "other files than it was asked for" in capsys.readouterr().out
    assert (rows(app)[1].hash, files(app)) == ("", [])


# Over the network, from the stand-in for the services


@pytest.fixture
def live(settings, stand_in):
    """An App that may ask TMDB and IMDb, whose places the stand-in takes; of its two films either has one poster."""
    settings.data.mkdir(parents=True)
    asking = settings.model_validate(settings.model_dump() | stand_in.settings("tmdb", "imdb"))
    app = make_app(asking, shipped_model=settings.data / "none.npz", look_every_s=0)
    prepare(app.engine)
    install(app, make_catalogue([make_film(1), make_film(2), make_film(3)]))
    with app.transaction() as session:
        point_at(session, {1: "/aBcDeFgHiJkLmNoPqRsTuVwXyZ0.jpg"}, source="tmdb")
        point_at(session, {2: "MV5BMade_@"}, source="imdb")
        point_at(session, {3: "/missingJkLmNoPqRsTuVwXyZ01.jpg"}, source="tmdb")
    yield app
    app.close()


def test_posters_come_from_the_sources_that_films_point_at(live, stand_in):
    """Asked for once each, in the size that is enough; the browser is sent to nobody else."""
    client = create_app(live).test_client()
    assert want(client, 1, 2, 3) == {"ready": {}, "pending": 3}
    worker.run_due(live)
    ready = want(client, 1, 2, 3)
    assert (set(ready["ready"]), ready["pending"]) == ({"1", "2"}, 0)
    assert sorted(asked["path"] for asked in stand_in.journal()) == [
        "/imdb-images/images/M/MV5BMade_@._V1_SX500.jpg",
        "/tmdb-images/t/p/w500/aBcDeFgHiJkLmNoPqRsTuVwXyZ0.jpg",
        "/tmdb-images/t/p/w500/missingJkLmNoPqRsTuVwXyZ01.jpg",
    ]
    for digest in ready["ready"].values():
        with client.get(f"/posters/{digest}-480.avif") as response:
            Image.open(io.BytesIO(response.data)).load()
    assert want(client, 1, 2, 3) == ready
    worker.run_due(live)
    assert len(stand_in.journal()) == 3
    film = client.get("/api/v1/films/1")
    assert film.json["poster"] == ready["ready"]["1"]
    assert "aBcDeF" not in film.text
    with live.reading() as session:
        calls = dict(session.execute(select(models.Host.host, models.Host.calls)).all())
    assert sum(calls.values()) == 3


FAULTS = """
503 429 403 404 redirect html garbage image empty null challenge unpackable truncated-gzip brotli reset hang-up cut-off
not-http huge gzip-bomb
"""


@ONCE
def test_a_source_that_fails_costs_a_poster_and_nothing_else(live, stand_in):
    """Each of twenty ways: no page fails, nothing is stored, and what may come right is tried again."""
    client = create_app(live).test_client()
    Path("/proc/self/clear_refs").write_text("5")
    at_first = memory_mb("VmRSS")
    for kind in FAULTS.split():
        with live.transaction() as session:
            for table in (models.Host, models.Job, models.Poster):
                session.execute(table.__table__.delete())
        stand_in.clear()
        more = {"to": "http://127.0.0.1:1/etc"} if kind == "redirect" else {}
        stand_in.fault("/tmdb-images", kind, **more)
        assert want(client, 1) == {"ready": {}, "pending": 1}, kind
        worker.run_due(live)
        with live.reading() as session:
            state = session.scalars(select(models.Job.state)).one()
        is_remembered = 1 in rows(live)
        assert state == ("done" if is_remembered else "queued"), kind
        assert want(client, 1) == {"ready": {}, "pending": 0 if is_remembered else 1}, kind
        assert client.get("/api/v1/films/1").status_code == 200
        assert files(live) == [], kind
        assert 1 <= len(stand_in.journal()) <= 3, kind
    assert memory_mb("VmHWM") - at_first <= 64
