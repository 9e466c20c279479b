"""The archive of all that is kept of a person: everything is in it, no secret is, and spreadsheets run nothing."""

import csv
import io
import json
import tracemalloc
import zipfile
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from moviefinder.formats import tables
from moviefinder.services import export
from moviefinder.services.accounts.secrets import hash_of
from moviefinder.store import models
from moviefinder.web import create_app
from tests import marked
from tests.conftest import WRITE
from tests.roles import come

URL = "/api/v1/exports/all.zip"
FILES = {
    *("README.txt", "account.json", "brought-along.json"),
    *("library.json", "library.csv", "history.json", "history.csv", "reasons.json", "reasons.csv"),
    *("showings.json", "showings.csv", "sessions.json", "sessions.csv"),
}


@pytest.fixture
def client(app):
    """No cookie but what a request brings itself."""
    return create_app(app).test_client(use_cookies=False)


@pytest.fixture
def wanda(app):
    """Somebody of whom something is kept everywhere."""
    return marked.settle(app, now=datetime.now(UTC))


@pytest.fixture
def archive(client, wanda):
    """Her archive."""
    answer = client.get(URL, headers=wanda.cookie)
    assert answer.status_code == 200, answer.text
    return zipfile.ZipFile(io.BytesIO(answer.data))


def items(archive, name):
    """What is in one of the JSON files."""
    return json.loads(archive.read(f"{name}.json"))


def rows(archive, name):
    """What is in one of the tables, as Python's own reader has it."""
    text = archive.read(f"{name}.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_archive_is_named_by_us_and_kept_by_nobody(client, wanda):
    """One attachment with a plain name and its length, never stored on the way."""
    answer = client.get(URL, headers=wanda.cookie)
    today = datetime.now(UTC).date().isoformat()
    assert answer.headers["Content-Disposition"] == f'attachment; filename="moviefinder-{today}.zip"'
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_the_readme_says_what_each_file_is(archive):
    """Every file is named in it, and nothing is named that is not there."""
    readme = archive.read("README.txt").decode()
    assert set(archive.namelist()) == FILES
    assert all(name in readme for name in FILES - {"README.txt"})
    assert archive.testzip() is None


def test_everything_of_the_person_is_in_it(archive):
    """Each kind of thing that is kept, down to the times of the answers, the showings and the browser."""
    library = {entry["title"]: entry for entry in items(archive, "library")}
    assert library["Film 1"]["verdict"] == "liked"
    assert library["Film 1"]["rating"] == 9
    assert library["Film 1"]["refs"] == ["imdb:tt0000001", "tmdb:1"]
    assert "verdict" in library["Film 1"]["said"]
    history = items(archive, "history")
    assert [change["after"]["verdict"] for change in history] == ["liked", "liked", "liked", "fine"]
    assert history[-1]["brought_by_guest"] == marked.GUEST
    (reason,) = items(archive, "reasons")
    assert (reason["title"], reason["because_title"], reason["say"]) == ("Film 4", "Film 1", "not")
    assert [shown["title"] for shown in items(archive, "showings")] == ["Film 4"]
    (session,) = items(archive, "sessions")
    assert (session["user_agent"], session["address"]) == ("WandaBrowser/1.0", marked.ADDRESS)
    (brought,) = items(archive, "brought-along")
    assert (brought["guest"], brought["of"], brought["seen_on"]) == (marked.GUEST, "library", "2026-01-02")


def test_the_account_and_every_way_in_are_in_it(archive):
    """Who she is, and all that she could take away again."""
    account = items(archive, "account")
    assert (account["id"], account["display_name"], account["locale"]) == (marked.NUMBER, marked.NAME, "de")
    assert [way["provider"] for way in account["identities"]] == ["password", "club"]
    assert account["identities"][0]["email"] == marked.EMAIL
    assert account["identities"][1]["subject"] == "zweistein-17"
    assert account["passkeys"][0]["name"] == f"{marked.NAME}'s phone"
    assert account["tokens"][0]["name"] == f"{marked.NAME}'s script"
    assert account["invitation_used"][0]["note"] == f"for {marked.NAME}"
    assert account["invitations_made"][0]["note"] == "for a friend"
    assert {mail["template"] for mail in account["mails_waiting"]} >= {"password_changed"}
    assert account["links_in_mails"][0]["email"] == "wanda.new@zweistein.example"
    assert account["guests_brought_along"][0]["id"] == marked.GUEST
    assert account["sources_switched"][0]["source"] == "wikidata"


COLUMNS_LEFT_OUT = {
    "users": {"merged_into", "merged_at"},  # of a guest: in the archive of whom they were brought along to
    "identities": {"secret"},
    "passkeys": {"user_handle", "credential_id", "public_key"},
    "tokens": {"token_hash"},
    "mail_links": {"token_hash", "data"},
    "mails": {"data", "link_id"},
    "invitations": {"token_hash"},
    "flows": {"token_hash", "data"},
    "sessions": {"token_hash"},
    "user_films": {"version"},
    "replies": {"key", "request_hash", "status", "body", "created_at"},
    "source_switches": set(),
}
"""Secrets, what is made of them, and our own bookkeeping."""


def test_every_column_of_a_person_is_in_it_or_left_out_for_a_reason(archive):
    """A new column of a table that names users must be taken along, or stand in the list above."""
    told = set()
    for name in archive.namelist():
        if name.endswith(".json"):
            told |= names_in(json.loads(archive.read(name)))
    renamed = {"film_id": "film", "because_id": "because_film", "guest_id": "brought_by_guest"}
    for table in marked.tables_of_people():
        known = COLUMNS_LEFT_OUT.get(table.name, set()) | {
            "id",
            "user_id",
            "made_by",
            "used_by",
            "switched_by",
        }
        missing = {
            renamed.get(name, name) for name in (column.name for column in table.columns) if name not in known
        } - told
        assert not missing, f"{table.name}: {missing}"


def names_in(value):
    """Every name in a JSON document."""
    if isinstance(value, dict):
        return set(value) | {name for inner in value.values() for name in names_in(inner)}
    return {name for inner in value for name in names_in(inner)} if isinstance(value, list) else set()


def test_no_secret_nor_hash_is_in_it(client, wanda, archive):
    """What proves who she is would help whoever finds the file."""
    everything = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (*wanda.secrets, hash_of(wanda.secrets[1]).hex(), "zweistein's key", "public key"):
        assert secret.encode() not in everything


def test_nothing_of_anybody_else_is_in_it(app, client, wanda):
    """Another's archive knows nothing of her, and hers nothing of another."""
    other = come(app, "fresh account")
    headers = {**WRITE, **other.headers}
    client.patch("/api/v1/library/imdb:tt0000009", json={"verdict": "liked"}, headers=headers)
    theirs = zipfile.ZipFile(io.BytesIO(client.get(URL, headers=other.headers).data))
    assert [entry["title"] for entry in items(theirs, "library")] == ["Film 9"]
    everything = b"".join(theirs.read(name) for name in theirs.namelist()).lower()
    assert not [sign for sign in marked.SIGNS if sign.encode() in everything]
    hers = zipfile.ZipFile(io.BytesIO(client.get(URL, headers=wanda.cookie).data))
    assert "Film 9" not in {entry["title"] for entry in items(hers, "library")}


def test_it_does_not_tell_whether_anothers_address_has_an_account(app, client):
    """Who wants to change to an address finds the same in the archive, whether somebody has it or not."""
    asker, other = come(app, "fresh account"), come(app, "account")
    found = []
    for email in (other.email, "nobody@films.example"):
        headers = {**WRITE, **asker.headers}
        answer = client.put("/api/v1/account/email", json={"email": email}, headers=headers)
        assert answer.status_code == 202, answer.text
        account = items(zipfile.ZipFile(io.BytesIO(client.get(URL, headers=asker.headers).data)), "account")
        links = [link["email"] == email for link in account["links_in_mails"]]
        found.append((links, {(mail["to"], mail["template"]) for mail in account["mails_waiting"]}))
    assert found[0] == found[1]
    assert found[0][1] == {(asker.email, "email_asked")}


def test_no_cell_of_a_table_is_a_formula_and_no_text_is_changed(app, client, wanda):
    """Titles are anybody's to write; what a spreadsheet would run gets a quote, which can be taken off again."""
    hostile = ['=HYPERLINK("http://a.example","x")', "+1", "-1", "@x", "\t=1", "'=1", 'a,"b"\r\nc', "'71"]
    with app.transaction() as session:
        for number, title in enumerate(hostile, start=1):
            session.execute(update(models.Film).where(models.Film.id == number).values(title=title))
    for number in range(1, len(hostile) + 1):
        body = {"verdict": "liked"}
        url = f"/api/v1/library/imdb:tt{number:07d}"
        assert client.patch(url, json=body, headers={**WRITE, **wanda.cookie}).status_code == 200
    archive = zipfile.ZipFile(io.BytesIO(client.get(URL, headers=wanda.cookie).data))
    titles = [row["title"] for row in rows(archive, "library")]
    assert sorted(map(tables.plain, titles)) == sorted(hostile)
    for name in ("library", "history", "reasons", "showings", "sessions"):
        for row in rows(archive, name):
            assert not [cell for cell in row.values() if cell[:1] in tuple("=+-@\t\r\n\0")]
    text = archive.read("library.csv").decode("utf-8-sig")
    assert text.count("\r\n") == len(titles) + 1 + 1  # each line's, and the one within a title


def test_a_table_has_a_row_for_each_item(archive):
    """JSON and CSV tell of the same things in the same order."""
    for name in ("library", "history", "reasons", "showings"):
        told = [str(item["film"]) for item in items(archive, name)]
        assert [row["film"] for row in rows(archive, name)] == told
    assert rows(archive, "library")[0]["seen"] == "false"


def test_who_has_said_nothing_gets_an_archive_too(app, client):
    """Empty files are files."""
    guest = come(app, "guest")
    archive = zipfile.ZipFile(io.BytesIO(client.get(URL, headers=guest.headers).data))
    assert items(archive, "library") == []
    assert rows(archive, "library") == []
    assert items(archive, "account")["identities"] == []


@pytest.mark.parametrize(
    ("role", "status", "problem"),
    [
        ("nobody", 401, "sign-in-needed"),
        ("ended cookie", 401, "session-ended"),
        ("account", 403, "sign-in-again"),
        ("read token", 403, "not-allowed"),
        ("write token", 403, "not-allowed"),
    ],
)
def test_only_who_has_just_signed_in_takes_everything_along(app, client, role, status, problem):
    """An unlocked computer is no proof, and a program has no business with it."""
    answer = client.get(URL, headers=come(app, role).headers)
    assert (answer.status_code, answer.json["type"]) == (status, f"/problems/{problem}")


def test_nothing_of_an_archive_stays_on_the_disk(app, client, wanda):
    """It is written to a file without a name, which goes with the answer."""
    before = set(app.settings.data.rglob("*"))
    for _ in range(3):
        client.get(URL, headers=wanda.cookie).close()
    assert set(app.settings.data.rglob("*")) == before


def test_a_long_history_takes_no_more_memory_than_a_short_one(app, wanda):
    """Rows are read and written by the hundred, into a stream that need not be gone back in."""
    few = peak_of(app)
    marked.fill(app, 1_500, now=datetime.now(UTC))
    many = peak_of(app)
    assert many < few + 4e6, f"{few / 1e6:.1f} MB for four films, {many / 1e6:.1f} MB for 1,500"


def peak_of(app):
    """Most bytes that Python holds while the archive is written."""
    tracemalloc.start()
    try:
        with app.reading() as session, open("/dev/null", "wb") as nowhere:  # noqa: PTH123  # takes no seeking
            export.write(session, marked.NUMBER, Unseekable(nowhere), now=datetime.now(UTC))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class Unseekable:
    """A stream that only goes on, as a socket does."""

    def __init__(self, file):
        self._file = file

    def write(self, data):
        """As a file has it."""
        return self._file.write(data)

    def flush(self):
        """As a file has it."""
        self._file.flush()
