"""Text from people and from sources stays text: shown as it is stored, and never a part of the page."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, select, update

from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.services.accounts.secrets import hash_of, new_secret
from moviefinder.store import models
from tests import server as servers
from tests.e2e.words import t
from tests.roles import come

pytestmark = pytest.mark.slow
FIXTURES = Path(__file__).resolve().parents[3] / "shared" / "fixtures-hostile"
SAMPLE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><iframe src="javascript:alert(1)"></iframe>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "<a href='javascript:alert(1)'>here</a>",
    "<style>*{display:none}</style>",
    "<base href='//evil.example/'>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "</title></textarea></script><script>alert(1)</script>",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}#{7*7}<%= 7*7 %>",
    "&lt;b&gt; &amp;amp; &#x3c;",
    "\u202egnirts siht\u202c",
    "Z\u0351\u036b\u0343a\u0322lgo",
    "\ufeff zero\u200bwidth\u2060",
    "👩‍👩‍👧‍👦 🏳️‍⚧️ ﷽",
    "ﺏﺎﻠﻠﻏﺓ ﺎﻠﻋﺮﺒﻳﺓ",
    "\x1b[31mred\x1b[0m\x07",
    "line\r\nSet-Cookie: a=b",
    "__proto__",
    "null",
    "../../../etc/passwd\x7f",
    "=1+1;@SUM(A1)",
    "W" * 80,
]
BATCH, TITLES = 150, 20
COUNT = """() => {
  const found = {};
  const drawn = "path rect circle ellipse line polygon polyline g pattern".split(" ");  // posters, by the title's hash
  for (const one of document.querySelectorAll("*")) {
    if (one.closest("svg.picture") && drawn.includes(one.localName)) continue;
    found[one.localName] = (found[one.localName] ?? 0) + 1;
  }
  return found;
}"""
MISSING = """(wanted) => {
  const shown = [document.body.textContent, document.title];
  for (const field of document.querySelectorAll("input, textarea")) shown.push(field.value);
  const all = shown.join("\\n");
  return wanted.filter((text) => !all.includes(text));
}"""


def hostile() -> list[str]:
    """Own samples, and those of others where they are: whatever the database can hold and is not blank."""
    found = list(SAMPLE)
    if FIXTURES.is_dir():
        found += json.loads((FIXTURES / "strings" / "blns.json").read_text())
        for path in sorted((FIXTURES / "payloads").glob("*.txt")):
            found += path.read_bytes().decode(errors="replace").splitlines()
    return [text for text in dict.fromkeys(found) if text.strip() and "\0" not in text]


def batches(texts: list[str], size: int) -> Iterator[list[str]]:
    """So many at a time."""
    rest = iter(texts)
    while batch := list(islice(rest, size)):
        yield batch


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A server with somebody who runs it and has saved some films, and its database."""
    data = tmp_path_factory.mktemp("hostile") / "data"
    with servers.running(data) as server:
        app = make_app(Settings(data=data))
        operator = come(app, "operator")
        yield server, app, operator
        app.close()


@pytest.fixture
def page(place, visit):
    """The page as that person sees it; any dialog, report or call to another host fails the test."""
    server, _, operator = place
    page = visit("/about", url=server.url)
    name, _, token = operator.headers["Cookie"].partition("=")
    page.context.add_cookies([{"name": name, "value": token, "url": server.url}])
    page.goto("/about")
    expect(page.locator(".notices")).to_contain_text(t("session.begun"))  # said once
    dialogs, reports = [], []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda asked: reports.append(asked.url) if "csp-reports" in asked.url else None)
    yield page
    assert dialogs == []
    assert reports == []


def shown(page, address, texts):
    """Open an address and wait until the last of the texts is there; how many elements of each kind there are."""
    page.goto(address)
    page.wait_for_function(f"(wanted) => ({MISSING})(wanted).length === 0", arg=texts, timeout=20_000)
    return page.evaluate(COUNT)


def compare(page, address, store, texts, *, plainly):
    """Show harmless texts, then these: the page has the same elements, and the very texts."""
    if (address, len(texts)) not in plainly:
        store([f"plain {number}" for number in range(len(texts))])
        plainly[address, len(texts)] = shown(page, address, ["plain 0", f"plain {len(texts) - 1}"])
    plain = plainly[address, len(texts)]
    store(texts)
    assert shown(page, address, texts) == plain, f"{address} has other elements with {texts[:3]} ..."


def test_notes_names_and_titles_of_every_kind_are_shown_as_text(place, page, record_property):
    """Every string as an invitation's note and as a film's title."""
    _, app, operator = place
    texts, now = hostile(), datetime.now(UTC)

    def store_notes(notes):
        with app.transaction() as session:
            session.execute(delete(models.Invitation))
            for note in notes:
                session.add(
                    models.Invitation(
                        token_hash=hash_of(new_secret()),
                        note=note,
                        created_at=now,
                        expires_at=now + timedelta(days=1),
                    )
                )

    with app.transaction() as session:
        films = list(session.scalars(select(models.Film.id).order_by(models.Film.popularity).limit(TITLES)))
        for film_id in films:
            session.add(
                models.UserFilm(
                    user_id=operator.user_id,
                    film_id=film_id,
                    seen=False,
                    saved_at=now,
                    taste=True,
                    said={"saved": now.isoformat()},
                    version=1,
                    created_at=now,
                    updated_at=now,
                )
            )

    def store_titles(titles):
        with app.transaction() as session:
            for film_id, title in zip(films, [*titles, *["plain"] * TITLES], strict=False):
                session.execute(update(models.Film).where(models.Film.id == film_id).values(title=title))

    plainly = {}
    for batch in batches(texts, BATCH):
        compare(page, "/operator", store_notes, batch, plainly=plainly)
    for batch in batches([text for text in texts if set(text) & set("<\"'`{\\")], TITLES):
        compare(page, "/library?show=saved", store_titles, batch, plainly=plainly)
    record_property(
        "measured", {"hostile_strings": len(texts), "dialogs": 0, "csp_reports": 0, "new_elements": 0}
    )


def test_what_is_ones_own_is_shown_as_text(place, page):
    """Names of oneself, of passkeys and tokens, browsers, addresses, a film's facts and people."""
    _, app, operator = place
    now = datetime.now(UTC)
    mine = {"user_id": operator.user_id, "created_at": now}

    def store_mine(texts):
        with app.transaction() as session:
            for table in (models.Passkey, models.Token):
                session.execute(delete(table).where(table.user_id == operator.user_id))
            session.execute(
                delete(models.Session).where(
                    models.Session.user_id == operator.user_id, models.Session.id != operator.session_id
                )
            )
            session.execute(
                update(models.User).where(models.User.id == operator.user_id).values(display_name=texts[0])
            )
            session.execute(
                update(models.Identity)
                .where(models.Identity.user_id == operator.user_id)
                .values(email=f"{texts[0][:40]}@films.example")
            )
            for number, text in enumerate(texts):
                secret = new_secret().encode()
                session.add_all(
                    [
                        models.Token(**mine, name=text, scope="read", token_hash=secret),
                        models.Passkey(
                            **mine,
                            user_handle=b"handle",
                            credential_id=secret,
                            public_key=b"key",
                            sign_count=number,
                            name=text,
                        ),
                        models.Session(
                            **mine,
                            token_hash=secret,
                            last_seen_at=now,
                            expires_at=now + timedelta(days=1),
                            user_agent=text,
                            address=text[:64],
                            way="password",
                        ),
                    ]
                )

    compare(page, "/account", store_mine, SAMPLE, plainly={})
    for text in SAMPLE[:6]:
        with app.transaction() as session:
            session.execute(
                update(models.User).where(models.User.id == operator.user_id).values(display_name=text)
            )
        shown(page, "/operator", [text])

    with app.reading() as session:
        film = session.scalars(select(models.Film).order_by(models.Film.popularity).limit(1)).one()

    def store_film(texts):
        with app.transaction() as session:
            facts = {"title": texts[0], "description": " ".join(texts), "certificate": texts[0][:20]}
            session.execute(update(models.Film).where(models.Film.id == film.id).values(**facts))

    for text in SAMPLE:
        store_film([text, f"plot {text}"])
        page.goto(f"/film/{film.id}")
        page.wait_for_function(
            f"(wanted) => ({MISSING})(wanted).length === 0", arg=[f"plot {text}"], timeout=20_000
        )
