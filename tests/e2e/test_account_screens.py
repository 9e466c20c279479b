"""Every screen of accounts, in each of its states: accessible in both themes, on a phone and at 320 px."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import LOVED
from tests.e2e.people import fill, let_time_pass, section, signed_in
from tests.e2e.suited import unsuited
from tests.e2e.words import like, t


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
    name = "Annemarie Schmidt-Rottluff"  # long enough to push the header off a phone
    page = signed_in(here, household, f"{abs(hash(state))}@example.org", name=name)
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
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
