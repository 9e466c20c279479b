"""Whether a screen suits everybody: what axe finds, controls too small for a thumb, what sticks out of a phone."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

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


def unsuited(page: Page) -> list[str]:
    """What does not suit somebody, in both themes and on a phone, at 320 px at last; a line each."""
    found = axe(page, "light")
    page.emulate_media(color_scheme="dark")
    found += axe(page, "dark")
    page.set_viewport_size({"width": 360, "height": 780})
    found += axe(page, "phone")
    found += [f"less than 44 px: {control}" for control in page.evaluate(SMALL_CONTROLS)]
    page.set_viewport_size({"width": 320, "height": 640})
    return found + [f"sticks out at 320 px: {element}" for element in page.evaluate(STICKING_OUT)]


def axe(page: Page, where: str) -> list[str]:
    """What axe finds with all its rules, a line an element."""
    return [
        f"{where}: {rule['id']}: {node['html'][:100]} ({node.get('failureSummary', '').splitlines()[-1].strip()})"
        for rule in Axe().run(page).response["violations"]
        for node in rule["nodes"]
    ]
