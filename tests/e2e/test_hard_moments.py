"""What the page does when the server refuses, or is away."""

import json
import signal

import pytest
from playwright.sync_api import expect

from tests import server as servers
from tests.browser import kept
from tests.e2e.words import like, t

REFUSAL = "The database is locked just now. Nothing was changed."


CUT_OFF = (
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    "ERR_CONTENT_LENGTH_MISMATCH",  # the kill came in the middle of an answer, to the icon say
)
"""What a browser says of a server that was killed."""


@pytest.fixture
def own_server(tmp_path):
    """A server for one story, which may be killed."""
    running = [servers.start(tmp_path / "data")]
    yield running
    running[-1].stop()


def test_a_refused_answer_is_taken_back_with_a_notice(visit, complaints):
    """It is shown at once; when the server says no, the button goes back and the notice says why."""
    complaints.expected = ("503",)
    page = visit("/search?q=heat 1995")
    page.route(
        "**/api/v1/library/**",
        lambda route: route.fulfill(
            status=503,
            content_type="application/problem+json",
            body=json.dumps({"type": "/problems/busy", "title": "Busy", "status": 503, "detail": REFUSAL}),
        ),
    )
    liked = page.locator("[data-card]").first.get_by_role("button", name=t("verdict.liked"), exact=True)
    liked.click()
    expect(page.locator(".notices [role=alert]")).to_contain_text(REFUSAL)
    expect(liked).to_have_attribute("aria-pressed", "false")


def test_an_answer_that_found_no_server_is_taken_back_and_kept_when_tried_again(
    visit, complaints, own_server
):
    """Killed with -9 while somebody is deciding; started again, nothing that was confirmed is missing."""
    complaints.expected = CUT_OFF
    server = own_server[0]
    page = visit("/search?q=alien 1979", url=server.url)
    card = page.locator("[data-card]").first
    liked = card.get_by_role("button", name=t("verdict.liked"), exact=True)
    save = card.get_by_role("button", name=t("action.save"), exact=True)
    with kept(page):
        liked.click()

    server.stop(signal.SIGKILL)
    save.click()
    alert = page.locator(".notices [role=alert]")
    expect(alert).to_contain_text(like("said.not_kept", title="Alien"))
    expect(save).to_have_attribute("aria-pressed", "false")
    expect(liked).to_have_attribute("aria-pressed", "true")

    port = int(server.url.rpartition(":")[2])
    own_server.append(servers.start(server.log.parent / "data", port=port))
    with kept(page):
        alert.get_by_role("button", name=t("again")).click()
    expect(save).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(save).to_have_attribute("aria-pressed", "true")
    expect(liked).to_have_attribute("aria-pressed", "true")


def test_a_page_without_its_server_says_what_to_do(visit, complaints, own_server):
    """Failed loading is a designed state with a way on, not an empty page."""
    complaints.expected = CUT_OFF
    server = own_server[0]
    page = visit("/about", url=server.url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    server.stop(signal.SIGKILL)
    page.get_by_role("link", name=t("nav.library")).click()
    expect(page.get_by_role("button", name=t("again"))).to_be_visible()
    port = int(server.url.rpartition(":")[2])
    own_server.append(servers.start(server.log.parent / "data", port=port))
    page.get_by_role("button", name=t("again")).click()
    expect(page.get_by_role("button", name=t("again"))).to_be_hidden()


def test_a_session_that_ended_is_said_and_a_new_one_starts(visit, complaints):
    """An unknown cookie is refused, never silently replaced; the page says so and goes on as somebody new."""
    complaints.expected = ("401",)
    page = visit("/search?q=heat 1995")
    page.wait_for_load_state("networkidle")  # or what it still asks would find out before it is loaded again
    page.context.add_cookies([{"name": "moviefinder", "value": "x" * 43, "url": page.url, "httpOnly": True}])
    page.reload()
    expect(page.locator(".notices")).to_contain_text(like("session.ended"))
