"""Accounts in a browser: from a guest's first like to being erased, and everything that can happen between."""

import json
import re
import sqlite3
import time
import zipfile
from contextlib import closing
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from tests import oidc
from tests import server as servers
from tests.e2e.people import PASSWORD, Mailbox, mailbox
from tests.e2e.words import like, t

IDA = "ida@example.org"
BETTER = "slow boats on warm rivers"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
ERASED_S = 60


@pytest.fixture(scope="module")
def provider():
    """A sign-in provider as others run one."""
    with oidc.running() as provider:
        yield provider


@pytest.fixture(scope="module")
def household(tmp_path_factory, provider):
    """A server that knows that provider, and writes its mails to a folder."""
    port = servers.free_port()
    for host in ("127.0.0.1", "localhost"):
        provider.redirects_to(f"http://{host}:{port}/auth/home/callback")
    settings = {f"providers_home_{name}": value for name, value in provider.settings().items()}
    data = tmp_path_factory.mktemp("household") / "data"
    with servers.running(data, port=port, **settings) as server:
        yield server


@pytest.fixture
def here(visit, household, complaints, provider):
    """Open a page of the household's server, by its address or by name."""

    def here(path: str = "/", *, by_name: bool = False, **more) -> Page:
        url = household.url.replace("127.0.0.1", "localhost") if by_name else household.url
        complaints.hosts.add(provider.issuer.partition("://")[2])
        return visit(path, url=url, **more)

    return here


def fill(page: Page, **values: str) -> None:
    """Type into the fields of those names."""
    for name, value in values.items():
        page.locator(f"main [name={name}]").fill(value)


def sign_in(page: Page, password: str, *, email: str = IDA) -> None:
    """Sign in by e-mail and password, from the sign-in screen."""
    fill(page, email=email, password=password)
    page.locator("main").get_by_role("button", name=t("nav.sign_in"), exact=True).click()


def section(page: Page, title: str):
    """A part of the account page."""
    return page.get_by_role("region", name=t(title), exact=True)


def said(page: Page, key: str, **values: object) -> None:
    """Wait for a notice."""
    expect(page.locator(".notices")).to_contain_text(like(key, **values))


def sign_out(page: Page) -> None:
    """Through the account page; afterwards nobody is here."""
    page.goto(urljoin(page.url, "/account"))  # of the address it is at, by number or by name
    page.locator(".lead + .buttons").get_by_role("button", name=t("account.sign_out")).click()
    said(page, "account.signed_out")
    expect(page.get_by_role("heading", level=1)).to_have_text(t("start.title"))


def liked(page: Page) -> set[int]:
    """The films that the person of this browser likes, by the API."""
    address = urljoin(page.url, "/api/v1/library")
    answer = page.context.request.get(address, params={"show": "liked"}).json()
    return {entry["film"]["id"] for entry in answer["items"]}


def kept_by_browser(page: Page) -> str:
    """All that is in the storage of the page."""
    return str(page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}, history.state])"))


def test_from_a_guest_to_an_account_and_to_nothing(here, household, provider, tmp_path):
    """Like, sign up, confirm, sign out, reset, a provider, a passkey, export, erase: the whole way in one browser."""
    page = here("/")
    wall = page.get_by_role("list", name=t("start.wall"))
    for place in range(3):
        with page.expect_response(lambda told: told.request.method == "PATCH"):
            wall.get_by_role("button").nth(place).click()
    films = liked(page)
    assert len(films) == 3

    # An account, by the link in the mail
    page.locator("header").get_by_role("link", name=t("nav.sign_in")).click()
    expect(page.locator("main")).to_contain_text(like("sign.guest.films", count=3))
    page.get_by_role("link", name=t("nav.sign_up")).click()
    fill(page, email=IDA, password=PASSWORD, name="Ida")
    page.get_by_role("button", name=t("nav.sign_up")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(t("sign.sent"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    mails = mailbox(household, IDA)
    page.goto(mails.link("confirm"))
    said(page, "link.confirm.done")
    expect(page.locator("header .who")).to_have_text("Ida")
    assert liked(page) == films

    # Out, and back in with another password
    sign_out(page)
    assert liked(page) == set()
    assert "account" not in kept_by_browser(page)
    page.goto("/sign-in")
    page.get_by_role("link", name=t("sign.forgotten.link")).click()
    fill(page, email=IDA)
    page.get_by_role("button", name=t("sign.send")).click()
    expect(page.locator("main")).to_contain_text(t("sign.sent.reset", email=IDA))
    page.goto(mails.link("reset"))
    expect(page.get_by_label(t("form.new_password"), exact=True)).to_be_visible()
    assert "#" not in page.url
    fill(page, password=BETTER)
    page.get_by_role("button", name=t("link.go_on")).click()
    said(page, "link.reset.done")
    assert liked(page) == films

    # A provider: linked, then the way in
    page.goto("/account")
    page.get_by_role("button", name=t("account.link", provider="Home")).click()
    expect(section(page, "account.ways")).to_contain_text("Home")
    expect(section(page, "account.ways").get_by_role("button", name=t("account.unlink"))).to_be_visible()
    sign_out(page)
    page.goto("/sign-in")
    page.get_by_role("button", name=t("sign.with", provider="Home")).click()
    expect(page.locator("header .who")).to_have_text("Ida")
    assert liked(page) == films
    assert provider.complaints == []

    # A passkey, at the name where browsers have them; then it is the way in
    page.goto("/account")
    page.get_by_role("region", name=t("account.passkeys"), exact=True).get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"^http://localhost:\d+/account$"))
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.locator("main").get_by_role("link", name=t("nav.sign_in")).click()
    sign_in(page, BETTER)
    expect(page).to_have_url(re.compile("/account$"))
    page.get_by_text(t("account.passkeys.add"), exact=True).click()
    page.get_by_label(t("account.passkeys.name")).fill("This computer")
    page.get_by_role("button", name=t("account.passkeys.add")).click()
    said(page, "account.passkeys.added")
    expect(section(page, "account.passkeys")).to_contain_text("This computer")
    sign_out(page)
    page.locator("header .who").click()
    page.get_by_role("button", name=t("sign.passkey")).click()
    expect(page.locator("header .who")).to_have_text("Ida")

    # Everything taken along
    page.locator("header .who").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=t("account.export.get")).click()
    archive = tmp_path / "all.zip"
    download.value.save_as(archive)
    with zipfile.ZipFile(archive) as whole:
        assert whole.testzip() is None
        library = json.loads(whole.read(next(name for name in whole.namelist() if name.endswith("library.json"))))
        everything = b"".join(whole.read(name) for name in whole.namelist()).decode()
    assert len(library["films"] if isinstance(library, dict) else library) == 3
    assert IDA in everything
    assert "This computer" in everything

    # And erased
    page.get_by_role("button", name=t("account.erase"), exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(t("account.erase.what"))
    dialog.get_by_role("button", name=t("account.erase.yes")).click()
    said(page, "account.erase.done")
    expect(page.get_by_role("heading", level=1)).to_have_text(t("start.title"))
    assert liked(page) == set()
    assert "account" not in kept_by_browser(page)
    nothing_is_left(household.log.parent / "data" / "moviefinder.db", mails)


def nothing_is_left(database, mails: Mailbox) -> None:
    """Neither rows of the only person nor mails to them, a minute after at the latest."""
    until = time.monotonic() + ERASED_S
    while (left := rows_of_people(database) + mails.texts()) and time.monotonic() < until:
        time.sleep(0.5)
    assert left == []


def rows_of_people(database) -> list[str]:
    """Tables that hold something of anybody, of those that hold nothing else."""
    tables = ("identities", "passkeys", "sessions", "user_films", "changes", "shown", "mail_links", "mails")
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return [table for table in tables if connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()]
