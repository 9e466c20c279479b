"""Every screen and state: accessible, in both themes, at any width."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser import LOVED, number_of
from tests.e2e.suited import unsuited
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


def ask_for_trailer(page: Page) -> None:
    """The question before the first trailer."""
    page.get_by_role("button", name=t("action.trailer")).first.click()
    expect(page.get_by_text(t("trailer.notice"))).to_be_visible()


def open_reasons(page: Page) -> None:
    """The reasons of the first card, one of them refused, and a dial that was moved."""
    card = page.locator("[data-card]").first
    card.locator(".reason > button").click()
    card.get_by_role("button", name=t("reason.not")).first.click()
    expect(page.locator(".notices [role=status]")).to_contain_text(t("undo"))
    page.get_by_role("slider").first.press("ArrowRight")


def make_record(page: Page) -> None:
    """A film that was seen on the list and answered, with the question before its record is erased."""
    answered = page.context.request
    film = answered.get("/api/v1/recommendations").json()["items"][0]["film"]["id"]
    headers = {"X-Requested-With": "moviefinder"}
    shown = {"films": [{"film": film, "rank": 1}]}
    answered.post("/api/v1/recommendations/shown", data=shown, headers=headers)
    answered.patch(f"/api/v1/library/{film}", data={"verdict": "fine"}, headers=headers)
    page.reload()
    page.get_by_role("button", name=t("record.erase")).click()


def answer_reasons(page: Page) -> None:
    """The list of answered reasons."""
    answered = page.context.request
    item = answered.get("/api/v1/recommendations").json()["items"][0]
    because = item["because"][0]["film"]["id"]
    address = f"/api/v1/recommendations/{item['film']['id']}/because/{because}"
    answered.put(address, data={"say": "not"}, headers={"X-Requested-With": "moviefinder"})
    page.reload()
    page.get_by_text(t("reasons.answered")).click()


@dataclass(frozen=True, slots=True)
class State:
    """A screen in one of its states."""

    path: str  # `{film}` is the number of The Matrix
    title: str  # its main heading
    knows: bool = True  # whether the visitor has liked films before
    act: Callable[[Page], None] = nothing


FOR_YOU, FILM, SEARCHING = t("recommendations.title"), "The Matrix", t("search.title_of", q="alien")
STATES = {
    "new": State("/", t("start.title"), knows=False),
    "for you": State("/", FOR_YOU),
    "for you, menu": State("/", FOR_YOU, act=open_menu),
    "for you, filters": State("/", FOR_YOU, act=open_filters),
    "for you, notice": State("/", FOR_YOU, act=like_one),
    "for you, reasons": State("/", FOR_YOU, act=open_reasons),
    "for you, filters too tight": State("/?genre=animation&year_max=1930&score_min=9.9", FOR_YOU),
    "suggestions": State("/", FOR_YOU, act=type_title),
    "keys": State("/", FOR_YOU, act=open_help),
    "search, empty": State("/search", t("search.title"), knows=False),
    "search": State("/search?q=alien", SEARCHING),
    "search, nothing found": State("/search?q=qqqqqqqqqqqqqqq", t("search.title_of", q="qqqqqqqqqqqqqqq")),
    "my films, empty": State("/library", t("library.title"), knows=False),
    "my films": State("/library", t("library.title")),
    "my films, history": State("/library?show=history", t("library.title")),
    "my films, record": State("/library", t("library.title"), act=make_record),
    "my films, answered reasons": State("/library?show=history", t("library.title"), act=answer_reasons),
    "film": State("/film/{film}", FILM),
    "film, trailer": State("/film/{film}", FILM, act=ask_for_trailer),
    "film, unknown": State("/film/999999999", t("film.unknown.title")),
    "kept": State("/kept", t("nav.kept"), knows=False),
    "kept, of a guest": State("/kept", t("nav.kept")),
    "about": State("/about", t("about.title"), knows=False),
    "leaving": State("/leaving", t("nav.leaving"), knows=False),
    "no such page": State("/nowhere", t("nowhere.title"), knows=False),
}


@pytest.fixture(scope="module")
def the_matrix(server):
    """Its number in this install."""
    return number_of(server.url, LOVED[0])


@pytest.mark.parametrize("state", STATES)
def test_a_screen_suits_everybody(visit, complaints, the_matrix, state):
    """Accessible in both themes and on a phone, controls made for thumbs, and no sideways scrolling at 320 px."""
    complaints.expected = ("404",)
    told = STATES[state]
    page = visit(told.path.format(film=the_matrix), loves=LOVED if told.knows else ())
    expect(page.get_by_role("heading", level=1)).to_have_text(told.title)
    page.wait_for_load_state("networkidle")
    told.act(page)
    page.wait_for_load_state("networkidle")

    found = unsuited(page)
    assert not found, "\n".join(found)
