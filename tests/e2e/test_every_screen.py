"""Every screen and state: accessible, in both themes, at any width."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import LOVED
from tests.e2e.words import t


def nothing(page: Page) -> None:
    """The screen as it opens."""


def open_menu(page: Page) -> None:
    """The small menu of the first card."""
    page.locator("[data-card]").first.locator(".menu-holder button").first.click()


def open_filters(page: Page) -> None:
    """All filters."""
    page.get_by_text(t("filters"), exact=True).click()


def open_help(page: Page) -> None:
    """The list of keys."""
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def like_one(page: Page) -> None:
    """A notice with its undo."""
    page.locator("[data-card]").first.get_by_role("button", name=t("verdict.liked"), exact=True).click()
    expect(page.locator(".notices [role=status]")).to_contain_text(t("undo"))


def type_title(page: Page) -> None:
    """Suggestions under the search box."""
    page.get_by_role("combobox").fill("alien")
    expect(page.get_by_role("option").first).to_be_visible()


# state: address, whether the visitor has liked films before, what is done there
STATES = {
    "new": ("/", False, nothing),
    "for you": ("/", True, nothing),
    "for you, menu": ("/", True, open_menu),
    "for you, filters": ("/", True, open_filters),
    "for you, notice": ("/", True, like_one),
    "for you, filters too tight": ("/?genre=animation&year_max=1930&score_min=9.9", True, nothing),
    "suggestions": ("/", True, type_title),
    "keys": ("/", True, open_help),
    "search, empty": ("/search", False, nothing),
    "search": ("/search?q=alien", True, nothing),
    "search, nothing found": ("/search?q=qqqqqqqqqqqqqqq", True, nothing),
    "my films, empty": ("/library", False, nothing),
    "my films": ("/library", True, nothing),
    "film": ("/film/imdb:tt0133093", True, nothing),
    "film, unknown": ("/film/999999999", True, nothing),
    "about": ("/about", False, nothing),
    "no such page": ("/nowhere", False, nothing),
}


# Links within text are as large as the text.
SMALL_CONTROLS = """() => [...document.querySelectorAll("button:not(.plain), select, input, nav a")]
  .filter((one) => one.checkVisibility())
  .map((one) => [(one.closest("label") ?? one).getBoundingClientRect(), one.outerHTML.slice(0, 100)])
  .filter(([box]) => box.width > 0 && (Math.round(box.width) < 44 || Math.round(box.height) < 44))
  .map(([box, html]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)
"""
# 320 px is also a window of 1,280 px at 400 %.
STICKING_OUT = """() => document.documentElement.scrollWidth <= 320 ? [] :
  [...document.querySelectorAll("body *")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > 321)
    .map((one) => one.outerHTML.slice(0, 100)).slice(0, 5)
"""


@pytest.mark.parametrize("state", STATES)
def test_a_screen_suits_everybody(visit, complaints, state):
    """Accessible in both themes and on a phone, controls made for thumbs, and no sideways scrolling at 320 px."""
    complaints.expected = ("404",)
    path, knows, act = STATES[state]
    page = visit(path, loves=LOVED if knows else ())
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    act(page)
    page.wait_for_load_state("networkidle")

    found = axe(page, "light")
    page.emulate_media(color_scheme="dark")
    found += axe(page, "dark")
    page.set_viewport_size({"width": 360, "height": 780})
    found += axe(page, "phone")
    found += [f"less than 44 px: {control}" for control in page.evaluate(SMALL_CONTROLS)]
    page.set_viewport_size({"width": 320, "height": 640})
    found += [f"sticks out at 320 px: {element}" for element in page.evaluate(STICKING_OUT)]
    assert not found, "\n".join(found)


def axe(page: Page, where: str) -> list[str]:
    """What axe finds with all its rules, a line an element."""
    return [
        f"{where}: {rule['id']}: {node['html'][:100]} ({node.get('failureSummary', '').splitlines()[-1].strip()})"
        for rule in Axe().run(page).response["violations"]
        for node in rule["nodes"]
    ]
