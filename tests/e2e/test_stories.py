"""What people do: a newcomer with a finger, with a mouse, and with nothing but keys."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser import LOVED, kept
from tests.e2e.words import like, t

PHONE, DESK = 360, 1440
TYPING_MS = 60  # between two keys: a quick typist


def cards(page: Page):
    """The film cards of the screen, in order."""
    return page.locator("[data-cards] [data-card]")


def answer(page: Page, film: str, verdict: str):
    """The button that gives a verdict on the card of that title."""
    card = cards(page).filter(has=page.get_by_role("heading", name=film, exact=True)).first
    return card.get_by_role("button", name=t(f"verdict.{verdict}"), exact=True)


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_newcomer_taps_films_and_gets_a_reasoned_recommendation(visit, stopwatch, width):
    """Nothing typed, nothing asked: the first tap is enough for a first pick."""
    began = time.monotonic()
    page = visit("/", width=width, height=780, motion="no-preference")
    page.get_by_role("list", name=t("start.wall")).get_by_role("button").first.click()
    reason = cards(page).first.locator(".reason")
    expect(reason).to_have_text(like("because"))
    took = time.monotonic() - began
    stopwatch(
        {"story": "first recommendation by tapping", "width": width, "taps": 1, "seconds": round(took, 2)}
    )
    expect(reason.get_by_role("link").first).to_be_visible()


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_newcomer_searches_likes_and_gets_a_reasoned_recommendation(visit, stopwatch, width):
    """The way of 2012: search, thumbs up, films beside it, and recommendations that name them."""
    began = time.monotonic()
    page = visit("/search", width=width, height=780, motion="no-preference")
    box = page.get_by_role("combobox")
    for typed, title in (("the matrx", "The Matrix"), ("alien 1979", "Alien"), ("spirited", "Spirited Away")):
        box.fill("")
        box.press_sequentially(typed, delay=TYPING_MS)
        button = answer(page, title, "liked")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name=t("nav.recommendations"), exact=True).click()
    reason = cards(page).first.locator(".reason")
    expect(reason).to_have_text(re.compile("The Matrix|Alien|Spirited Away"))
    took = time.monotonic() - began
    stopwatch(
        {"story": "first recommendation by searching", "width": width, "taps": 4, "seconds": round(took, 2)}
    )
    page.reload()
    expect(reason).to_have_text(re.compile("The Matrix|Alien|Spirited Away"))


def test_an_answered_card_makes_room_and_undo_brings_it_back(visit):
    """The list stays as it was but for the card that was answered."""
    page = visit("/", loves=LOVED)
    first, second = (cards(page).nth(place).get_by_role("heading") for place in (0, 1))
    expect(second).to_be_visible()
    before = [first.inner_text(), second.inner_text()]
    cards(page).first.get_by_role("button", name=t("action.save"), exact=True).click()
    expect(first).not_to_have_text(before[0])
    expect(second).to_have_text(before[1])
    page.locator(".notices [role=status]").get_by_role("button", name=t("undo")).click()
    expect(first).to_have_text(before[0])


def test_everything_can_be_done_by_keyboard(visit):
    """Search, like, undo, reasons, save and help without a pointer."""
    page = visit("/", width=DESK)
    page.keyboard.press("/")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("the godfather", delay=TYPING_MS)
    expect(page.get_by_role("option").first).to_contain_text("The Godfather")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=the(%20|\+)godfather"))
    expect(cards(page).first.get_by_role("heading")).to_have_text("The Godfather")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(cards(page).first).to_be_focused()
    liked = answer(page, "The Godfather", "liked")
    page.keyboard.press("l")
    expect(liked).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("u")
    expect(liked).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("l")
    expect(liked).to_have_attribute("aria-pressed", "true")

    page.get_by_role("link", name=t("nav.recommendations"), exact=True).focus()
    page.keyboard.press("Enter")
    expect(cards(page).first.locator(".reason")).to_have_text(re.compile("The Godfather"))
    page.keyboard.press("j")
    expect(cards(page).first).to_be_focused()
    title = cards(page).first.get_by_role("heading").inner_text()
    page.keyboard.press("s")
    expect(page.locator(".notices [role=status]")).to_contain_text(t("said.saved", title=title))
    expect(cards(page).first).to_be_focused()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_every_control_is_reached_by_tab_and_shows_it(visit):
    """Tab walks through the page once, leaves nothing out, and the focus can be seen."""
    page = visit("/search?q=alien", loves=LOVED[:1])
    expect(cards(page).first).to_be_visible()
    reachable = page.evaluate(
        "() => [...document.querySelectorAll('a[href], button, input, select')]"
        ".filter((one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0).length"
    )
    seen = set()
    for _ in range(reachable + 5):
        page.keyboard.press("Tab")
        told = page.evaluate("""() => {
            const one = document.activeElement;
            if (!one || one === document.body) return null;
            const style = getComputedStyle(one);
            one.dataset.tabbed ??= String(document.querySelectorAll('[data-tabbed]').length);
            const within = one.closest(':focus-within') && getComputedStyle(one.parentElement);
            const outlined = (of) => of.outlineStyle !== 'none' && parseFloat(of.outlineWidth) > 0;
            return [one.dataset.tabbed, outlined(style) || outlined(within), one.outerHTML.slice(0, 120)];
        }""")
        if told is None:
            break
        number, outlined, element = told
        assert outlined, f"no focus ring: {element}"
        seen.add(number)
    assert len(seen) >= reachable


def test_my_films_keeps_what_was_said(visit):
    """What was liked stands there, can be changed there, and is gone when forgotten."""
    page = visit("/library", loves=LOVED)
    expect(cards(page)).to_have_count(len(LOVED))
    with kept(page):
        answer(page, "Heat", "disliked").click()
    expect(cards(page)).to_have_count(len(LOVED) - 1)
    page.get_by_role("navigation", name=t("library.shelves")).get_by_role(
        "link", name=t("shelf.disliked")
    ).click()
    button = answer(page, "Heat", "disliked")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "true")


def test_going_back_restores_the_list(visit):
    """From a film back to the same list, at the same place."""
    page = visit("/", loves=LOVED)
    titles = cards(page).get_by_role("heading")
    expect(titles.nth(8)).to_be_visible()
    before = titles.all_inner_texts()
    link = titles.nth(8).get_by_role("link")
    link.scroll_into_view_if_needed()
    place = page.evaluate("() => window.scrollY")
    link.click()
    expect(page).to_have_url(re.compile(r"/film/\d+$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(before[8])
    page.go_back()
    expect(titles).to_have_text(before)
    page.wait_for_function("(place) => Math.abs(window.scrollY - place) < 50", arg=place)


def test_a_trailer_is_asked_for_before_anything_is_loaded(visit, complaints):
    """The page calls YouTube only after a tap on Trailer and a yes; from then on it asks no more."""
    page = visit("/search?q=the matrix 1999")
    asked = []
    page.route(
        "https://www.youtube-nocookie.com/**", lambda route: (asked.append(route), route.fulfill(body=""))
    )
    card = cards(page).first
    card.get_by_role("button", name=t("action.trailer")).click()
    expect(card.get_by_text(t("trailer.notice"))).to_be_visible()
    assert asked == []
    complaints.hosts.add("www.youtube-nocookie.com")
    card.get_by_role("button", name=t("trailer.play")).click()
    frame = card.get_by_title(like("trailer.title"))
    expect(frame).to_have_attribute("sandbox", re.compile("allow-scripts"))
    expect(frame).to_have_attribute(
        "src", re.compile(r"^https://www\.youtube-nocookie\.com/embed/[\w-]{11}\?")
    )
    card.get_by_role("button", name=t("trailer.close")).click()
    expect(frame).to_have_count(0)
    card.get_by_role("button", name=t("action.trailer")).click()
    expect(frame).to_be_visible()
    assert len(asked) == 2


def test_filters_are_in_the_address_and_too_tight_ones_say_which_to_drop(visit):
    """A filtered list can be bookmarked; an empty one names the filter that empties it, and dropping it helps."""
    page = visit("/?genre=animation&score_min=7", loves=LOVED)
    expect(cards(page).first).to_be_visible()
    genres = page.locator("[data-cards] .genres").all_inner_texts()
    assert genres
    assert [told for told in genres if t("genre.animation") not in told] == []
    page.goto("/?genre=animation&year_max=1930&score_min=9")
    expect(cards(page)).to_have_count(0)
    page.locator(".relax").get_by_text(like("relax.drop")).first.click()
    expect(cards(page).first).to_be_visible()
    assert page.url.count("=") == 2
