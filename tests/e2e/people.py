"""People with accounts, and their mailbox: the folder into which an install without a mail server writes."""

from __future__ import annotations

import email
import email.policy
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import APIRequestContext, BrowserContext, Locator, Page, expect

from tests.e2e.words import like, t
from tests.server import Server

PASSWORD = "green curtains over Lisbon"
ARRIVES_S = 20  # a worker that is busy with films takes its time
HEADERS = {"X-Requested-With": "moviefinder"}


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mails to one address, oldest first."""

    folder: Path
    address: str

    def texts(self) -> list[str]:
        """The plain text of each."""
        found = []
        for file in sorted(self.folder.glob("*.eml"), key=lambda one: one.stat().st_mtime_ns):
            mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            body = mail.get_body(("plain",))
            if self.address in str(mail["To"]) and body is not None:
                found.append(body.get_content())
        return found

    def link(self, purpose: str) -> str:
        """The link of the newest mail for that purpose; waits for it."""
        until = time.monotonic() + ARRIVES_S
        while time.monotonic() < until:
            links = [
                link
                for text in self.texts()
                for link in re.findall(rf"https?://\S+/link/{purpose}#[\w-]+", text)
            ]
            if links:
                return links[-1]
            time.sleep(0.1)
        raise TimeoutError(f"no mail with a link to {purpose} for {self.address}: {self.texts()}")


def mailbox(server: Server, address: str) -> Mailbox:
    """The mails that a server has written to an address."""
    return Mailbox(server.log.parent / "data" / "mail", address)


def post(request: APIRequestContext, path: str, body: object, *, method: str = "POST") -> object:
    """Send what a page would; the answer's JSON."""
    told = request.fetch(f"/api/v1{path}", method=method, data=body, headers=HEADERS)
    if not told.ok:
        raise RuntimeError(f"{path}: {told.status} {told.text()}")
    return told.json() if told.body() else None


def sign_up(context: BrowserContext, server: Server, address: str, *, name: str = "Ida") -> None:
    """Give the person of a browser context an account, with the link of the mail."""
    post(context.request, "/account", {"email": address, "password": PASSWORD, "name": name})
    token = mailbox(server, address).link("confirm").partition("#")[2]
    post(context.request, "/account/links/use", {"token": token})


def fill(page: Page, **values: str) -> None:
    """Type into the fields of those names."""
    for name, value in values.items():
        page.locator(f"main [name={name}]").fill(value)


def section(page: Page, title: str) -> Locator:
    """A part of the account page."""
    return page.get_by_role("region", name=t(title), exact=True)


def said(page: Page, key: str, **values: object) -> None:
    """Wait for a notice."""
    expect(page.locator(".notices")).to_contain_text(like(key, **values))


def signed_in(
    here: Callable[..., Page],
    household: Server,
    address: str,
    path: str = "/account",
    *,
    name: str = "Ida",
    **more: object,
) -> Page:
    """A page of somebody with an account."""
    page = here("/about", **more)
    sign_up(page.context, household, address, name=name)
    page.goto(path)
    said(page, "session.begun")  # it did not happen on this page, as when somebody comes back from a provider
    page.get_by_role("button", name=t("notice.close")).click()
    return page


def write(household: Server, statement: str, *values: object) -> None:
    """Change what the server has stored, as time would."""
    with closing(sqlite3.connect(household.log.parent / "data" / "moviefinder.db", timeout=20)) as connection:
        connection.execute(statement, values)
        connection.commit()


def let_time_pass(household: Server, address: str) -> None:
    """Signing in is longer ago than what matters allows."""
    write(
        household,
        "UPDATE sessions SET fresh_at = '2026-01-01 00:00:00.000000' WHERE user_id IN "
        "(SELECT user_id FROM identities WHERE email = ?)",
        address,
    )
