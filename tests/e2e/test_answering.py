"""Answering reasons, leaning the list, and the record that comes of it: in a browser, on the real list."""

import re

from playwright.sync_api import Page, expect

from tests.browser import LOVED
from tests.e2e.words import t


def cards(page: Page):
    """The film cards of the screen, in order."""
    return page.locator("[data-cards] [data-card]")


def titles(page: Page) -> list[str]:
    """The films of the list, in order."""
    expect(cards(page).nth(5)).to_be_visible()
    return [told.strip() for told in cards(page).get_by_role("heading").all_inner_texts()]


def settled(page: Page, before: list[str]) -> list[str]:
    """The films of the list once they are not those of before."""
    page.wait_for_function(
        "(before) => [...document.querySelectorAll('[data-cards] [data-card] h3')]"
        ".map((one) => one.textContent.trim()).join('|') !== before.join('|')",
        arg=before,
    )
    return titles(page)


def open_reasons(page: Page, place: int = 0):
    """The card at a place, with its reasons opened."""
    card = cards(page).nth(place)
    card.locator(".reason > button").click()
    expect(card.locator(".shares > li").first).to_be_visible()
    return card


def undo(page: Page) -> None:
    """Press Undo in the newest notice."""
    page.locator(".notices [role=status]").get_by_role("button", name=t("undo")).last.click()


def judge_first(page: Page, verdict: str) -> None:
    """Answer the first card of the list once it has come into sight."""
    title = cards(page).first.get_by_role("heading")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    name = title.inner_text()
    with page.expect_response(lambda told: told.request.method == "PATCH"):
        cards(page).first.get_by_role("button", name=t(f"verdict.{verdict}"), exact=True).click()
    expect(title).not_to_have_text(name)


def test_a_refused_reason_changes_the_list_in_its_place_and_undo_brings_it_back(visit):
    """The name leaves the reasons, the ranking follows, the page stays where it is."""
    page = visit("/", loves=LOVED)
    before = titles(page)
    card = open_reasons(page, 1)
    film = card.get_by_role("heading").inner_text()
    named = card.locator(".shares > li").first.locator("cite").inner_text()
    card.get_by_role("button", name=f"{t('reason.not')} {named}").click()
    notice = page.locator(".notices [role=status]")
    expect(notice).to_contain_text(t("reason.said.not", film=film, because=named))
    after = settled(page, before)
    assert film not in after or after.index(film) > before.index(film)
    expect(page.locator("[data-cards] :focus")).to_have_count(1)
    undo(page)
    expect(notice).to_contain_text(t("reason.undone", because=named))
    page.wait_for_function(
        "(film) => document.querySelectorAll('[data-cards] [data-card] h3')[1].textContent.trim() === film",
        arg=film,
    )
    assert titles(page) == before


def test_what_was_refused_can_be_taken_back_later(visit):
    """In My films, where everything that was said stands."""
    page = visit("/", loves=LOVED)
    card = open_reasons(page)
    film = card.get_by_role("heading").inner_text()
    named = card.locator(".shares > li").first.locator("cite").inner_text()
    with page.expect_response(lambda told: told.request.method == "PUT"):
        card.get_by_role("button", name=f"{t('reason.not')} {named}").click()
    page.goto("/library?show=history")
    page.get_by_text(t("reasons.answered")).click()
    row = page.locator(".answered li")
    expect(row).to_contain_text(t("reasons.not", film=film, because=named))
    row.get_by_role("button").click()
    expect(row).to_have_count(0)


def test_a_film_for_a_friend_leaves_all_reasons_by_keyboard_and_u_undoes(visit):
    """It stays among the liked ones, and off the list."""
    page = visit("/", loves=LOVED)
    before = titles(page)
    page.keyboard.press("j")
    page.keyboard.press("e")
    first = cards(page).first.locator(".shares > li").first
    named = first.locator("cite").inner_text()
    first.get_by_role("button", name=t("reason.friend")).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".notices [role=status]")).to_contain_text(t("said.friend", title=named))
    after = settled(page, before)
    assert named not in after
    expect(
        page.locator("[data-cards] .reason cite", has_text=re.compile(f"^{re.escape(named)}$"))
    ).to_have_count(0)
    expect(page.locator(":focus")).to_have_count(1)
    page.keyboard.press("u")
    page.wait_for_function(
        "(named) => [...document.querySelectorAll('.reason cite')].some((one) => one.textContent === named)",
        arg=named,
    )
    assert titles(page) == before


def test_more_of_a_side_stays_pressed_and_can_be_let_go(visit):
    """It strengthens that film among the reasons; the second press takes it back."""
    page = visit("/", loves=LOVED)
    card = open_reasons(page, 2)
    film = card.get_by_role("heading").inner_text()
    named = card.locator(".shares > li").last.locator("cite").inner_text()
    with page.expect_response(lambda told: told.request.method == "PUT"):
        card.get_by_role("button", name=f"{t('reason.more')} {named}").click()
    page.reload()
    expect(cards(page).first).to_be_visible()
    there = cards(page).filter(has=page.get_by_role("heading", name=film, exact=True))
    there.locator(".reason > button").click()
    pressed = there.get_by_role("button", name=f"{t('reason.more')} {named}")
    expect(pressed).to_have_attribute("aria-pressed", "true")
    pressed.click()
    expect(pressed).to_have_attribute("aria-pressed", "false")


def test_a_dial_is_felt_at_once_stands_in_the_address_and_is_remembered(visit):
    """Moved by keys; the way back is one press, and leads to where it stood for everybody."""
    page = visit("/", loves=LOVED)
    before = titles(page)
    dial = page.get_by_role("slider", name=t("dial.known"))
    expect(dial).to_have_attribute("aria-valuetext", re.compile(r"\w"))
    dial.focus()
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile(r"\?known=0$"))
    expect(dial).to_have_attribute("aria-valuetext", t("dial.known.4"))
    moved = settled(page, before)
    page.goto("/")
    expect(dial).to_have_value("1")
    assert titles(page) == moved
    page.get_by_role("button", name=t("dials.reset", dial=t("dial.known"))).click()
    expect(page).to_have_url(re.compile(r"/$"))
    expect(dial).to_be_focused()
    assert settled(page, moved) == before


def test_the_record_appears_after_ten_tried_and_can_be_erased(visit):
    """What was seen on the screen and then answered counts; fewer than ten make no share."""
    page = visit("/", loves=LOVED)
    with page.expect_response(lambda told: told.url.endswith("/recommendations/shown")) as told:
        expect(cards(page).first).to_be_visible()
    assert told.value.status == 204
    record = page.locator(".record")
    for done in range(9):
        judge_first(page, "fine" if done % 3 == 2 else "liked")
    page.get_by_role("link", name=t("nav.library"), exact=True).click()
    expect(record).to_contain_text(t("record.few", count=9))
    with page.expect_response(lambda told: "/recommendations?" in told.url):
        page.get_by_role("link", name=t("nav.recommendations"), exact=True).click()
    judge_first(page, "liked")
    page.get_by_role("link", name=t("nav.library"), exact=True).click()
    expect(record).to_contain_text(t("record.here", count=10, liked=7))
    record.get_by_role("button", name=t("record.erase")).click()
    record.get_by_role("button", name=t("record.erase.yes"), exact=True).click()
    expect(record).to_have_count(0)
    page.reload()
    expect(cards(page).first).to_be_visible()
    expect(record).to_have_count(0)
