"""Accounts in a browser: from a guest's first like to being erased, and everything that can happen between."""

import json
import re
import sqlite3
import time
import zipfile
from contextlib import closing
from urllib.parse import urljoin

from playwright.sync_api import Page, expect

from tests.browser import LOVED
from tests.e2e.people import (
    PASSWORD,
    Mailbox,
    fill,
    let_time_pass,
    mailbox,
    post,
    said,
    section,
    sign_up,
    signed_in,
    write,
)
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


def sign_in(page: Page, password: str, *, email: str = IDA) -> None:
    """Sign in by e-mail and password, from the sign-in screen."""
    fill(page, email=email, password=password)
    page.locator("main").get_by_role("button", name=t("nav.sign_in"), exact=True).click()


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


def test_signing_out_in_one_window_empties_the_other(here, household):
    """Nobody's name and list stay there, and nothing is said as a guest by who believes to be signed in."""
    page = signed_in(here, household, "windows@example.org", "/search?q=heat 1995")
    other = page.context.new_page()
    other.goto("/library")
    expect(other.locator(".who")).to_have_text("Ida")
    sign_out(page)
    expect(other.locator(".who")).to_have_text(t("nav.sign_in"))
    page.goto("/sign-in")
    sign_in(page, PASSWORD, email="windows@example.org")
    for one in (page, other):
        expect(one.locator(".who")).to_have_text("Ida")
        one.wait_for_load_state("networkidle")
    assert [cookie["name"] for cookie in page.context.cookies()] == ["moviefinder"]


def test_a_guest_who_signs_in_brings_films_along_and_can_take_them_out_again(here, household):
    """They are among the account's films at once, the page says so, and the account page undoes it."""
    page = signed_in(here, household, "merging@example.org")
    sign_out(page)
    for film in LOVED[:2]:
        post(page.context.request, f"/library/{film}", {"verdict": "liked"}, method="PATCH")
    page.goto("/sign-in")
    sign_in(page, PASSWORD, email="merging@example.org")
    said(page, "sign.came_along", count=2, said=t("session.begun"))
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
    link = page.get_by_label(t("operator.invitations.link", note="Grandma")).input_value()
    expect(section(page, "operator.invitations")).to_contain_text("Grandma")
    assert unsuited(page) == []
    guest = here(link)
    expect(guest.get_by_role("heading", level=1)).to_have_text(t("nav.sign_up"))
    expect(guest.locator("main")).to_contain_text(t("sign.invited"))
    assert "#" not in guest.url
    guest.goto("/operator")
    expect(guest.locator("main")).to_contain_text(t("operator.refused"))
    assert unsuited(guest) == []
