"""Films that the catalogue lacks: looked up, liked, filled in and recommended from; and what leaves the machine.

The outside is a stand-in; TMDB has its key from the start, all else is off until somebody switches it on.
"""

from __future__ import annotations

import itertools
import json
import re
import time
import urllib.request

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import server as servers
from tests.browser import LOVED
from tests.e2e.suited import axe, unsuited
from tests.e2e.words import like, t
from tests.stand_in import running

IMDB = "IMDb"
NUMBERS = itertools.count(9_000_100, 50)
"""Films of the stand-in's own making; each story has its own, and none is a neighbour of another's."""

SHIFTS = """
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
  }).observe({type: "layout-shift", buffered: true});
"""


@pytest.fixture(scope="module")
def the_outside():
    """The outside world of these stories."""
    with running() as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(the_outside):
    """The same, well and with nothing asked yet."""
    the_outside.clear()
    return the_outside


@pytest.fixture(scope="module")
def live(the_outside, tmp_path_factory):
    """A server whose outside is the stand-in."""
    with servers.running(tmp_path_factory.mktemp("live") / "data", **servers.outside(the_outside)) as server:
        yield server


@pytest.fixture
def imdb_off(live):
    """IMDb is off, as for everybody at first."""
    switch(live.url, "imdb", on=False)


def switch(url: str, name: str, *, on: bool) -> None:
    """Switch a source as the page does."""
    request = urllib.request.Request(
        f"{url}/api/v1/sources/{name}",
        data=json.dumps({"on": on}).encode(),
        headers={"Content-Type": "application/json", "X-Requested-With": "moviefinder"},
        method="PATCH",
    )
    with urllib.request.urlopen(request, timeout=10):
        pass


def card(page: Page, title: str) -> Locator:
    """The card of that film."""
    return page.locator("[data-card]").filter(has=page.get_by_role("heading", name=title, exact=True)).first


def look_up(page: Page) -> None:
    """Press the button below the results."""
    page.get_by_role("button", name=t("lookup.at", source=IMDB)).click()


def liked(found: Locator) -> Locator:
    """Its thumb."""
    return found.get_by_role("button", name=t("verdict.liked"), exact=True)


def test_a_film_that_is_not_here_is_looked_up_liked_and_recommended_from(visit, live, stand_in, imdb_off):
    """One tap says what is sent, switches the source on and finds it; a like fills it in, and its neighbours come."""
    number = next(NUMBERS)
    title = f"Made {number}"
    page = visit(f"/search?q=made {number}", url=live.url)
    expect(page.get_by_text(like("lookup.sends", q=f"made {number}"))).to_be_visible()
    assert stand_in.journal("/imdb") == []
    look_up(page)
    found = card(page, title)
    expect(found).to_be_visible()
    assert {asked["method"] for asked in stand_in.journal("/imdb/")} == {"GET"}

    page.evaluate(SHIFTS)
    stand_in.fault("/tmdb/3", "delay", seconds=0.8)
    liked(found).click()
    expect(found.locator(".summary")).to_have_text(t("filling"))
    expect(page.locator("[role=status]", has_text=t("filling.said", title=title))).to_have_count(1)
    expect(page.locator(".enjoyed")).to_contain_text(t("filling.short.fetching"))
    expect(found.locator(".facts")).to_contain_text(re.compile(r"\d+ (h|min)"))
    expect(found.locator(".summary")).not_to_have_text(t("filling"))
    expect(page.locator("[role=status]", has_text=t("filling.done", title=title))).to_have_count(1)
    assert page.evaluate("() => window.shifted") < 0.02
    stand_in.clear()

    page.get_by_role("link", name=t("nav.recommendations"), exact=True).click()
    neighbour = page.locator("[data-card]", has_text=re.compile(r"^Made 9\d{6}"))
    expect(neighbour.first.locator(".reason")).to_contain_text(title)


def test_a_poster_comes_by_itself_and_the_drawn_one_waits_for_it(visit, live, stand_in):
    """Fetched by the server, shown in the reader's width; who wants drawn posters has them back with one tick."""
    switch(live.url, "imdb", on=True)
    number = next(NUMBERS)
    page = visit(f"/search?q=made {number}", url=live.url)
    look_up(page)
    found = card(page, f"Made {number}")
    expect(found.locator(".drawn")).to_have_count(1)
    expect(found.locator(".there img")).to_be_visible(timeout=20_000)
    expect(found.locator(".drawn")).to_have_count(0)
    told = found.locator("img").evaluate("(one) => [one.naturalWidth, new URL(one.currentSrc).pathname]")
    assert told[0] > 0
    assert re.fullmatch(r"/posters/[0-9a-f]{64}-(160|320|480)\.(avif|webp)", told[1])
    page.goto("/about")
    page.get_by_label(t("about.posters")).check()
    page.go_back()
    look_up(page)
    expect(found.locator(".drawn")).to_have_count(1)
    expect(found.locator("img")).to_have_count(0)


def test_looking_up_and_liking_need_no_pointer(visit, the_outside, stand_in, tmp_path):
    """The key leads to what would be sent; Enter agrees; from then on the key alone asks."""
    number = next(NUMBERS)
    settings = servers.outside(the_outside)
    del settings["sources_tmdb_key"]  # so that IMDb is the only one to ask
    with servers.running(tmp_path / "data", **settings) as server:
        page = visit("/search", url=server.url)
        expect(page.get_by_role("combobox")).to_be_focused()
        page.keyboard.type(f"made {number}", delay=40)
        expect(page.get_by_text(like("lookup.sends", q=f"made {number}"))).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("o")
        button = page.get_by_role("button", name=t("lookup.at", source=IMDB))
        expect(button).to_be_focused()
        assert stand_in.journal(f"/imdb/suggestion/titles/x/made {number}") == []
        page.keyboard.press("Enter")
        found = card(page, f"Made {number}")
        expect(found).to_be_visible()
        expect(page.locator("[role=status]", has_text=like("lookup.found", source=IMDB))).to_have_count(1)
        for _ in range(page.locator("[data-card]").count()):
            if found.evaluate("(one) => one === document.activeElement"):
                break
            page.keyboard.press("j")
        page.keyboard.press("l")
        expect(liked(found)).to_have_attribute("aria-pressed", "true")
        page.reload()
        expect(button).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("o")
        expect(page.locator(".lookup > [role=status]")).to_contain_text(IMDB)
        page.close()  # before its server goes


@pytest.mark.parametrize(("kind", "more"), [("503", {}), ("delay", {"seconds": 9}), ("garbage", {})])
def test_a_source_that_fails_costs_two_seconds_and_is_said(visit, live, stand_in, kind, more):
    """What is here goes on working, and the button may be pressed again."""
    switch(live.url, "imdb", on=True)
    stand_in.fault("/imdb/", kind, **more)
    number = next(NUMBERS)
    page = visit(f"/search?q=made {number}", url=live.url)
    began = time.monotonic()
    look_up(page)
    failed = page.get_by_text(t("lookup.failed", source=IMDB)).or_(
        page.get_by_text(t("lookup.late", source=IMDB))
    )
    expect(failed).to_be_visible()
    assert time.monotonic() - began < 4  # two seconds, and what a busy machine adds
    stand_in.clear()
    request = urllib.request.Request(
        f"{live.url}/api/v1/sources/imdb/test", headers={"X-Requested-With": "moviefinder"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # a test forgets that the host was down
        assert json.load(answer)["outcome"] == "answers"
    look_up(page)
    expect(card(page, f"Made {number}")).to_be_visible()


def test_what_leaves_this_machine_is_listed_tried_and_switched(visit, live, stand_in, imdb_off):
    """From the foot of every page: hosts, what they are sent, who decided, a test in words, and a switch."""
    page = visit("/", url=live.url)
    page.get_by_role("contentinfo").get_by_role("link", name=t("nav.leaving")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(t("nav.leaving"))
    row = page.get_by_role("region", name="IMDb suggestions")
    expect(row).to_contain_text(t("leaving.decided.page.off"))
    row.get_by_role("switch").click()
    expect(row.get_by_role("switch")).to_be_checked()
    expect(row).to_contain_text(t("leaving.decided.page.on"))
    row.get_by_role("button", name=t("leaving.test")).click()
    expect(row.get_by_role("status")).to_contain_text(like("leaving.test.answers"))
    expect(row).to_contain_text(like("leaving.called"))
    expect(page.get_by_role("region", name="TMDB")).to_contain_text(t("leaving.decided.key.on"))
    trailers = page.get_by_role("region", name="YouTube")
    trailers.get_by_role("switch").click()
    expect(trailers).to_contain_text(t("leaving.browser.on"))


def test_an_install_that_is_offline_says_so_where_somebody_asks(visit, the_outside, tmp_path):
    """Nothing is offered, nothing is called, and everything that is here works."""
    with servers.running(tmp_path / "data", offline="true", **servers.outside(the_outside)) as server:
        page = visit("/search?q=made 9009999", url=server.url)
        expect(page.get_by_text(t("lookup.offline"))).to_be_visible()
        expect(page.get_by_role("button", name=t("lookup.at", source=IMDB))).to_have_count(0)
        page.goto("/search?q=the matrix 1999")
        found = page.locator("[data-card]").first
        found.get_by_role("button", name=t("action.trailer")).click()
        expect(found.get_by_text(t("trailer.offline"))).to_be_visible()
        liked(found).click()
        expect(liked(found)).to_have_attribute("aria-pressed", "true")
        page.goto("/leaving")
        expect(page.locator(".lead")).to_have_text(t("leaving.offline"))
        expect(page.get_by_role("switch")).to_have_count(0)
        told = page.request.get("/api/v1/sources").json()["items"]
        assert [host["calls"] for source in told for host in source["hosts"] if host["calls"]] == []


def test_every_fact_of_a_film_names_its_source_and_day(visit, live, stand_in):
    """Facts from a source, and the words by which it wants to be named."""
    switch(live.url, "imdb", on=True)
    number = next(NUMBERS)
    page = visit(f"/search?q=made {number}", url=live.url)
    look_up(page)
    found = card(page, f"Made {number}")
    liked(found).click()
    expect(found.locator(".facts")).to_contain_text(re.compile(r"\d+ (h|min)"))
    found.get_by_role("heading").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Made {number}")
    page.get_by_text(t("from.show")).click()
    expect(page.locator(".all-facts details")).to_contain_text(
        re.compile(r"Running time: TMDB, \d+ \w+ 20\d\d")
    )
    expect(page.get_by_text(re.compile("not endorsed.* TMDB"))).to_be_visible()


@pytest.mark.parametrize("screen", ["looked up", "being looked up", "leaving"])
def test_a_live_screen_suits_everybody(visit, live, stand_in, imdb_off, screen):
    """As every other screen: accessible in both themes, for thumbs, without sideways scrolling at 320 px."""
    page = visit("/leaving", url=live.url, loves=LOVED)
    if screen != "leaving":
        number = next(NUMBERS)
        page.goto(f"/search?q=made {number}")
        expect(page.get_by_text(like("lookup.sends"))).to_be_visible()
        found = axe(page, "before")
        look_up(page)
        expect(card(page, f"Made {number}")).to_be_visible()
    else:
        found = []
        expect(page.get_by_role("switch").first).to_be_visible()
    if screen == "being looked up":
        stand_in.fault("/tmdb/3", "delay", seconds=4)
        liked(card(page, f"Made {number}")).click()
        expect(page.locator(".summary", has_text=t("filling"))).to_be_visible()
    found += unsuited(page)
    assert not found, "\n".join(found)
