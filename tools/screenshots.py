"""`make screenshots`: every screen at three widths, light and dark, as PNG files in screenshots/ (ignored by git).

Names of screens after the command make only those: `make screenshots ARGS="for-you film"`. `ARGS=picture` renews the
picture of the README instead.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import browser as browsers  # noqa: E402 - the line above makes it findable
from tests import server as servers  # noqa: E402
from tests import stand_in as outside  # noqa: E402

FOLDER = ROOT / "screenshots"
SIZES = {360: 780, 768: 1024, 1440: 900}
TALLEST = 2400
PICTURE = ROOT / "docs" / "pictures" / "for-you.png"
PICTURE_SIZE: ViewportSize = {"width": 1200, "height": 960}
SCHEMES = ("light", "dark")
MADE = itertools.count(9_000_100, 20)  # films of the stand-in's own making, each looked up once
SAVED = ("imdb:tt0068646", "imdb:tt0108052")

# screen: address, whether the visitor has said anything yet
SCREENS = {
    "new": ("/", False),
    "for-you": ("/", True),
    "too-tight": ("/?genre=animation&year_max=1930&score_min=9.9", True),
    "search-empty": ("/search", True),
    "search": ("/search?q=alien", True),
    "library-empty": ("/library", False),
    "library": ("/library", True),
    "film": ("/film/{film}", True),
    "film-unknown": ("/film/999999999", True),
    "about": ("/about", True),
    "lookup-offer": ("/search?q=zorba x", False),
    "lookup": ("/search?q=tt{made}", True),
    "film-live": ("/film/{film}", True),
    "leaving": ("/leaving", True),
}


def look_up(page: Page) -> None:
    """Find a film outside and like it."""
    page.locator(".lookup-offer button").first.click()
    found = page.locator(".lookup [data-card]").first
    found.locator(".decision.liked").click()
    page.wait_for_timeout(400)


def unfold(page: Page) -> None:
    """Open where the facts are from."""
    page.locator(".all-facts summary").click()


ACTS: dict[str, Callable[[Page], None]] = {"lookup": look_up, "film-live": unfold}


def main() -> int:
    """Start a server, have two visitors for each size and theme, and photograph what they see."""
    wanted = sys.argv[1:] or list(SCREENS)
    pictures = wanted == ["picture"]
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        outside.running() as stand_in,
        servers.running(Path(folder) / "data", **servers.outside(stand_in)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=browsers.CHROMIUM, args=browsers.FLAGS)
        film = browsers.number_of(server.url, browsers.LOVED[0])
        if pictures:
            picture(browser, server.url)
        for width, height in SIZES.items() if not pictures else ():
            for scheme in SCHEMES:
                for knows in (False, True):
                    context = browser.new_context(
                        base_url=server.url,
                        viewport={"width": width, "height": height},
                        color_scheme="dark" if scheme == "dark" else "light",
                        reduced_motion="reduce",
                        locale="en-GB",
                    )
                    if knows:
                        browsers.say(context, browsers.LOVED, {"verdict": "liked"})
                        browsers.say(context, SAVED, {"saved": True})
                    page = context.new_page()
                    for name in wanted:
                        address, known = SCREENS[name]
                        if known == knows:
                            address = address.format(film=film, made=next(MADE))
                            shoot(page, address, FOLDER / f"{name}-{width}-{scheme}.png", ACTS.get(name))
                    context.close()
        browser.close()
    if pictures:
        print(f"written: {PICTURE.relative_to(ROOT)}")
        return 0
    print(f"screenshots: {len(list(FOLDER.glob('*.png')))} files in {FOLDER.relative_to(ROOT)}/")
    return 0


def picture(browser: Browser, url: str) -> None:
    """The first three recommendations of somebody with taste, for the README."""
    context = browser.new_context(base_url=url, viewport=PICTURE_SIZE, color_scheme="dark", locale="en-GB")
    browsers.say(context, browsers.LOVED, {"verdict": "liked"})
    page = context.new_page()
    page.goto("/")
    page.wait_for_load_state("networkidle")
    PICTURE.parent.mkdir(exist_ok=True)
    page.screenshot(path=PICTURE)


def shoot(page: Page, address: str, file: Path, act: Callable[[Page], None] | None = None) -> None:
    """Photograph the page once nothing is loading any more, down to TALLEST.

    The window is made as tall as the page: what is fixed to its foot then stands there in the picture too.
    """
    size = page.viewport_size
    assert size
    page.goto(address)
    page.wait_for_load_state("networkidle")
    if act:
        act(page)
    height = min(page.evaluate("() => document.documentElement.scrollHeight"), TALLEST)
    page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
    page.screenshot(path=file)
    page.set_viewport_size(size)


if __name__ == "__main__":
    sys.exit(main())
