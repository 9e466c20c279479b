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
    page.get_by_role("button", name=t("filters.open")).click()


def open_help(page: Page) -> None:
    """The list of keys."""
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def like_one(page: Page) -> None:
    """A notice with its undo."""
    page.locator("[data-card]").first.get_by_role("button", name=t("verdict.liked"), exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(t("undo"))


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


def settled(page: Page, act) -> None:
    """Wait until nothing is loading, then do what leads to the state."""
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    act(page)
    page.wait_for_load_state("networkidle")


@pytest.fixture
def at(visit, complaints):
    """Open the page in one of STATES."""
    complaints.expected = ("404",)

    def at(state: str, **looks) -> Page:
        path, knows, act = STATES[state]
        page = visit(path, loves=LOVED if knows else (), **looks)
        settled(page, act)
        return page

    return at


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(at, state, scheme):
    """Names, roles, contrast, landmarks: all rules, on every state, in both themes."""
    page = at(state, scheme=scheme)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("state", ["new", "for you", "search", "my films", "film"])
def test_axe_finds_nothing_on_a_phone(at, state):
    """The narrow layout hides and moves things; the rules are the same."""
    found = Axe().run(at(state, width=360, height=780))
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("state", STATES)
def test_the_narrowest_screen_scrolls_one_way_only(at, state):
    """At 320 px, which is also 1,280 px at 400 %, nothing sticks out at the side."""
    page = at(state, width=320, height=640)
    wide = page.evaluate("""() => [...document.querySelectorAll("body *")]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1
                         && !one.closest("[data-scrolls]"))
        .map((one) => one.outerHTML.slice(0, 100))""")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320, wide[:5]


@pytest.mark.parametrize("state", ["new", "for you", "search", "my films", "film"])
def test_controls_are_large_enough_for_a_thumb(at, state):
    """At least 44 px each way for what acts, but for links within text."""
    page = at(state, width=360, height=780)
    small = page.evaluate("""() => [...document.querySelectorAll("button, select, input, nav a")]
        .filter((one) => one.checkVisibility() && !one.closest(".reason"))
        .map((one) => [one.getBoundingClientRect(), one.outerHTML.slice(0, 100)])
        .filter(([box]) => box.width > 0 && (Math.round(box.width) < 44 || Math.round(box.height) < 44))
        .map(([box, html]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)""")
    assert small == []
