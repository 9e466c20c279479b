"""A real browser and a real server; whatever the browser complains of fails the test."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from tests import oidc
from tests import server as servers
from tests.browser import CHROMIUM, FLAGS, MISSING, say

expect.set_options(timeout=15_000)  # a condition that holds is met at once; a busy machine gets its time
REPORT_VIOLATIONS = """
  document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy violated: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""


def pytest_collection_modifyitems(items):
    """Everything in this folder is end to end."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """The system's Chromium: Playwright's own would have to be downloaded."""
    if not CHROMIUM.exists():
        pytest.skip(MISSING)
    return {**browser_type_launch_args, "executable_path": str(CHROMIUM), "args": FLAGS}


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all stories; each browser context is a person of its own."""
    with servers.running(tmp_path_factory.mktemp("e2e") / "data") as server:
        yield server


@dataclass
class Complaints:
    """What must not happen in a browser, as it happens."""

    hosts: set[str]
    seen: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()  # parts of messages that the story itself brings about

    def watch(self, context: BrowserContext) -> None:
        """Listen to every page of a context."""
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self.on_console)
        context.on("weberror", lambda error: self.seen.append(f"exception: {error.error}"))
        context.on("request", self.on_request)

    def on_console(self, message: ConsoleMessage) -> None:
        """Errors and warnings are complaints, unless expected."""
        if message.type in ("error", "warning") and not any(part in message.text for part in self.expected):
            self.seen.append(f"console: {message.text} ({message.location.get('url')})")

    def on_request(self, request: Request) -> None:
        """A page that runs without a network calls nobody but its own server."""
        if urlsplit(request.url).netloc not in self.hosts:
            self.seen.append(f"request to another host: {request.url}")


@pytest.fixture
def complaints():
    """Checked at the end of every story; add to `expected` what the story provokes."""
    complaints = Complaints(hosts=set())
    yield complaints
    assert complaints.seen == []


@pytest.fixture
def visit(browser: Browser, server, complaints):
    """Open the page as somebody new: `visit("/search", width=360, scheme="dark")`.

    `loves` are references of films that the visitor has liked before; `url` is another server than the shared one.
    """
    contexts = []

    def visit(
        path: str = "/",
        *,
        width: int = 1440,
        height: int = 900,
        scheme: str = "light",
        motion: str = "reduce",
        loves: Iterable[str] = (),
        url: str = server.url,
    ) -> Page:
        complaints.hosts.add(urlsplit(url).netloc)
        context = browser.new_context(
            base_url=url,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            has_touch=width < 768,
            locale="en-GB",
            reduced_motion=motion,
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        complaints.watch(context)
        say(context, loves, {"verdict": "liked"})
        page = context.new_page()
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()


Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def provider():
    """A sign-in provider as others run one."""
    with oidc.running() as provider:
        yield provider


@pytest.fixture(scope="module")
def household(tmp_path_factory, provider):
    """A server that knows that provider, and writes its mails to a folder."""
    port = servers.free_port()
    for host in ("127.0.0.1", "localhost"):
        provider.redirects_to(f"http://{host}:{port}/auth/home/callback")
    settings = {f"providers_home_{name}": value for name, value in provider.settings().items()}
    settings["registrations_per_30min"] = "1000"  # all of them come from one address
    data = tmp_path_factory.mktemp("household") / "data"
    with servers.running(data, port=port, **settings) as server:
        yield server


@pytest.fixture
def here(visit, household, complaints, provider):
    """Open a page of the household's server, by its address or by name."""

    def here(path: str = "/", *, by_name: bool = False, **more) -> Page:
        url = household.url.replace("127.0.0.1", "localhost") if by_name else household.url
        port = household.url.rpartition(":")[2]
        complaints.hosts |= {provider.issuer.partition("://")[2], f"127.0.0.1:{port}", f"localhost:{port}"}
        return visit(path, url=url, **more)

    return here


@pytest.fixture
def stopwatch(record_property):
    """Keeps what stories measured, to be printed at the end of the run."""
    return lambda row: record_property("measured", row)
