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
from tests.browser import LOVED
from tests.e2e.people import PASSWORD, Mailbox, mailbox, post, sign_up
from tests.e2e.suited import unsuited
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
    settings["registrations_per_30min"] = "1000"  # all of them come from one address
    data = tmp_path_factory.mktemp("household") / "data"
    with servers.running(data, port=port, **settings) as server:
        yield server


@pytest.fixture
def here(visit, household, complaints, provider):
    """Open a page of the household's server, by its address or by name."""

    def here(path: str = "/", *, by_name: bool = False, **more) -> Page:
        url = household.url.replace("127.0.0.1", "localhost") if by_name else household.url
        port = household.url.rpartition(":")[2]
        complaints.hosts |= {provider.issuer.partition("://")[2], f"127.0.0.1:{port}", f"localhost:{port}"}
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
        library = json.loads(
            whole.read(next(name for name in whole.namelist() if name.endswith("library.json")))
        )
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


# What can happen between


def signed_in(here, household, address: str, path: str = "/account", **more) -> Page:
    """A page of somebody with an account."""
    page = here("/about", **more)
    sign_up(page.context, household, address)
    page.goto(path)
    return page


def write(household, statement: str, *values: object) -> None:
    """Change what the server has stored, as time would."""
    with closing(sqlite3.connect(household.log.parent / "data" / "moviefinder.db", timeout=20)) as connection:
        connection.execute(statement, values)
        connection.commit()


def let_time_pass(household, address: str) -> None:
    """Signing in is longer ago than what matters allows."""
    write(
        household,
        "UPDATE sessions SET fresh_at = '2026-01-01 00:00:00.000000' WHERE user_id IN "
        "(SELECT user_id FROM identities WHERE email = ?)",
        address,
    )


def test_what_matters_asks_for_a_fresh_proof_and_is_then_done(here, household, complaints):
    """A dialog asks for the password; a wrong one is said beside it; with the right one the request goes out again."""
    complaints.expected = ("403",)
    page = signed_in(here, household, "fresh@example.org")
    let_time_pass(household, "fresh@example.org")
    page.get_by_text(t("account.programs.make"), exact=True).first.click()
    programs = section(page, "account.programs")
    programs.locator("[name=name]").fill("Kodi")
    programs.get_by_role("button", name=t("account.programs.make")).click()
    dialog = page.get_by_role("dialog", name=t("account.proof"))
    password = dialog.locator("[name=password]")
    password.fill("not this one")
    password.press("Enter")
    expect(password).to_be_focused()
    expect(password).to_have_accessible_description(t("problem.wrong-secret"))
    password.fill(PASSWORD)
    password.press("Enter")
    expect(dialog).to_be_hidden()
    token = programs.get_by_label(t("account.programs.token", name="Kodi")).input_value()
    told = page.context.request.get(
        "/api/v1/library", headers={"Authorization": f"Bearer {token}", "Cookie": ""}
    )
    assert told.ok
    page.reload()
    expect(programs).to_contain_text("Kodi")
    assert token not in page.content()


def test_who_leaves_the_question_changes_nothing(here, household, complaints):
    """Escape closes the dialog; the other devices stay signed in, and nothing is called a failure."""
    complaints.expected = ("403",)
    page = signed_in(here, household, "stays@example.org")
    let_time_pass(household, "stays@example.org")
    page.get_by_role("button", name=t("account.erase"), exact=True).click()
    page.get_by_role("button", name=t("account.erase.yes")).click()
    expect(page.get_by_role("dialog", name=t("account.proof"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name=t("account.proof"))).to_be_hidden()
    expect(page.locator(".notices [role=alert]")).to_be_empty()
    page.reload()
    expect(page.locator("main")).to_contain_text("stays@example.org")


def test_an_account_whose_session_ended_is_never_silently_a_guest(here, household, complaints):
    """The page says so and keeps nothing until somebody signs in, or says that a guest is wanted."""
    complaints.expected = ("401",)
    page = signed_in(here, household, "ended@example.org", "/search?q=heat 1995")
    write(
        household,
        "UPDATE sessions SET expires_at = '2026-01-01 00:00:00.000000' WHERE user_id IN "
        "(SELECT user_id FROM identities WHERE email = ?)",
        "ended@example.org",
    )
    liked_it = page.locator("[data-card]").first.get_by_role("button", name=t("verdict.liked"), exact=True)
    for _ in range(2):
        liked_it.click()
        expect(page.locator(".notices [role=alert]")).to_contain_text(t("session.over"))
        expect(liked_it).to_have_attribute("aria-pressed", "false")
        expect(page.locator(".away")).to_contain_text(t("session.over"))
        page.reload()
    assert [cookie["name"] for cookie in page.context.cookies()] == []
    page.locator(".away").get_by_role("link", name=t("nav.sign_in")).click()
    sign_in(page, PASSWORD, email="ended@example.org")
    expect(page).to_have_url(re.compile(r"/search\?q=heat"))
    liked_it.click()
    expect(liked_it).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".away")).to_be_hidden()


def test_a_guest_who_signs_in_brings_films_along_and_can_take_them_out_again(here, household):
    """They are among the account's films at once, the page says so, and the account page undoes it."""
    page = signed_in(here, household, "merging@example.org")
    sign_out(page)
    for film in LOVED[:2]:
        post(page.context.request, f"/library/{film}", {"verdict": "liked"}, method="PATCH")
    page.goto("/sign-in")
    sign_in(page, PASSWORD, email="merging@example.org")
    said(page, "sign.came_along", count=2, said=t("sign.in.said"))
    assert len(liked(page)) == 2
    page.locator("header .who").click()
    section(page, "account.merges").get_by_role("button", name=t("account.merges.undo")).click()
    said(page, "account.merges.undone")
    assert liked(page) == set()


def test_a_passkey_after_the_password_is_asked_for_where_that_is_wanted(here, household):
    """The switch is thrown on the account page; from then on the password alone opens nothing."""
    page = signed_in(here, household, "second@example.org", by_name=True)
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.get_by_text(t("account.passkeys.add"), exact=True).click()
    page.get_by_role("button", name=t("account.passkeys.add")).click()
    said(page, "account.passkeys.added")
    page.get_by_role("switch", name=t("account.second")).click()
    said(page, "account.saved")
    expect(page.get_by_role("switch", name=t("account.second"))).to_be_checked()
    sign_out(page)
    page.locator("header .who").click()
    with page.expect_response("**/api/v1/session/passkey"):
        sign_in(page, PASSWORD, email="second@example.org")
    expect(page.locator("header .who")).to_have_text("Ida")


def test_signing_up_and_in_needs_no_pointer(here, household):
    """Tab and Enter alone, with the mistakes on the way read out where they are."""
    page = here("/")
    page.locator("header .who").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("link", name=t("nav.sign_up")).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(t("nav.sign_up"))
    email = page.get_by_role("textbox", name=t("form.email.label"))
    tab_to(page, email)
    page.keyboard.type("keys")
    page.keyboard.press("Enter")
    expect(email).to_be_focused()
    expect(email).to_have_accessible_description(t("form.email"))
    page.keyboard.type("@example.org")
    password = page.get_by_role("textbox", name=t("form.password"), exact=True)
    tab_to(page, password)
    page.keyboard.type("kurz")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=t("form.show_password"))).to_be_focused()
    page.keyboard.press("Space")
    expect(password).to_have_attribute("type", "text")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(password).to_have_accessible_description(re.compile(r"Too short: 8 characters"))
    page.keyboard.type(f" {PASSWORD}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(t("sign.sent"))
    page.goto(mailbox(household, "keys@example.org").link("confirm"))
    said(page, "link.confirm.done")


def tab_to(page: Page, locator) -> None:
    """Press Tab until that has the focus."""
    for _ in range(40):
        if locator.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {locator}")


def test_the_first_account_runs_the_install_and_invites(here, household, complaints):
    """The operator's page has figures, people and invitations, whose link opens the form to sign up."""
    complaints.expected = ("403",)
    page = here("/about")
    sign_up(page.context, household, "operator@example.org")
    write(
        household,
        "UPDATE users SET is_operator = (id IN (SELECT user_id FROM identities WHERE email = ?))",
        "operator@example.org",
    )
    page.goto("/operator")
    expect(section(page, "operator.accounts")).to_contain_text("operator@example.org")
    page.get_by_text(t("operator.invitations.make"), exact=True).first.click()
    page.locator("[name=note]").fill("Grandma")
    page.locator("[name=note]").press("Enter")
    link = page.get_by_label(t("operator.invitations.link")).input_value()
    expect(section(page, "operator.invitations")).to_contain_text("Grandma")
    assert unsuited(page) == []
    guest = here(link)
    expect(guest.get_by_role("heading", level=1)).to_have_text(t("nav.sign_up"))
    expect(guest.locator("main")).to_contain_text(t("sign.invited"))
    assert "#" not in guest.url
    guest.goto("/operator")
    expect(guest.locator("main")).to_contain_text(t("operator.refused"))
    assert unsuited(guest) == []


# Every screen, in each of its states


def nothing(page: Page) -> None:
    """The screen as it opens."""


def forget_to_fill(page: Page) -> None:
    """A form that was sent empty."""
    page.locator("main [type=submit]").first.click()
    expect(page.locator("main [aria-invalid=true]").first).to_be_focused()


def ask_for_a_mail(page: Page) -> None:
    """The mail is on its way."""
    fill(page, email="nobody@example.org")
    page.get_by_role("button", name=t("sign.send")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(t("sign.sent"))


def open_all(page: Page) -> None:
    """Everything on the account page that can be opened."""
    for summary in page.locator("main summary").all():
        summary.click()


def ask_to_erase(page: Page) -> None:
    """The question before everything is erased."""
    page.get_by_role("button", name=t("account.erase"), exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def make_token(page: Page) -> None:
    """A token that is shown this once."""
    page.get_by_text(t("account.programs.make"), exact=True).first.click()
    programs = section(page, "account.programs")
    programs.locator("[name=name]").fill("A program with a name that is rather long")
    programs.locator("[name=name]").press("Enter")
    expect(programs.locator(".once input")).to_be_visible()


SIGNING = {
    "sign in": ("/sign-in", nothing),
    "sign in, nothing typed": ("/sign-in", forget_to_fill),
    "sign in, back from a provider": ("/sign-in?problem=provider-cancelled", nothing),
    "sign up": ("/sign-up", nothing),
    "sign up, nothing typed": ("/sign-up", forget_to_fill),
    "forgotten": ("/sign-in?forgotten", nothing),
    "forgotten, mail sent": ("/sign-in?forgotten", ask_for_a_mail),
    "new password": ("/link/reset#no-such-link", nothing),
    "link that is void": ("/link/confirm#no-such-link", nothing),
    "link without its secret": ("/link/email", nothing),
    "account, nobody": ("/account", nothing),
}
OWN = {
    "account": nothing,
    "account, all open": open_all,
    "account, erasing": ask_to_erase,
    "account, a token": make_token,
}


@pytest.mark.parametrize("state", SIGNING)
def test_a_screen_before_signing_in_suits_everybody(here, complaints, state):
    """Accessible in both themes and on a phone, controls made for thumbs, and no sideways scrolling at 320 px."""
    complaints.expected = ("409",)
    path, act = SIGNING[state]
    page = here(path)
    page.wait_for_load_state("networkidle")
    act(page)
    page.wait_for_load_state("networkidle")
    found = unsuited(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("state", OWN)
def test_a_screen_of_an_account_suits_everybody(here, household, state):
    """As above."""
    page = signed_in(here, household, f"{abs(hash(state))}@example.org")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ida")
    OWN[state](page)
    page.wait_for_load_state("networkidle")
    found = unsuited(page)
    assert not found, "\n".join(found)


def test_the_screen_of_a_guest_and_the_proof_suit_everybody(here, household, complaints):
    """As above; the dialog that asks for a fresh proof, with a wrong password."""
    complaints.expected = ("403",)
    page = here("/account", loves=LOVED[:1])
    expect(page.get_by_role("heading", level=1)).to_have_text(t("nav.account"))
    expect(page.locator(".lead")).to_have_text(like("account.guest"))
    assert unsuited(page) == []
    page = signed_in(here, household, "proof@example.org")
    let_time_pass(household, "proof@example.org")
    page.get_by_role("button", name=t("account.export.get")).click()
    dialog = page.get_by_role("dialog", name=t("account.proof"))
    dialog.locator("[name=password]").fill("not this one")
    dialog.locator("[name=password]").press("Enter")
    expect(dialog.locator("[aria-invalid=true]")).to_be_focused()
    assert unsuited(page) == []
