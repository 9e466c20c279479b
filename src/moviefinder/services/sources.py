"""Which outside sources may be asked: what decided it, who may switch, how each fares, whether it answers."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.config import Settings
from moviefinder.errors import (
    FilmNotFound,
    NotAllowed,
    NotFound,
    SourceNonsense,
    SourceOff,
    SourceRefused,
    SourceUnavailable,
)
from moviefinder.records import Ref
from moviefinder.sources import Capability, FilmSource, OutsideHost
from moviefinder.sources.addresses import name_of
from moviefinder.sources.loading import BY_SETTINGS_ONLY, DecidedBy, Switch, decide
from moviefinder.store import models
from moviefinder.store.switches import switches

__all__ = [
    "Outcome",
    "SourceState",
    "Tested",
    "is_on",
    "on",
    "refusal",
    "source",
    "sources_on",
    "states",
    "test",
]

TEST_S: Final = 8.0
"""Seconds that a test waits for an answer; a person watches."""

EVERYBODYS_FILM: Final = Ref("imdb", "tt0133093")
"""The Matrix: known to every source, and says nothing of anybody."""

YOUTUBE: Final = "youtube"

MAIL: Final = "mail"

FACEBOOK: Final = "https://graph.facebook.com"
OPERATORS_OWN: Final = "set by the operator"
"""What strangers read in place of a host that the operator wrote: it may say what stands in whose home.
A sign-in provider's is no secret, for a browser is sent there."""


class Outcome(StrEnum):
    """How a source took a question."""

    ANSWERS = "answers"
    OFF = "off"
    REFUSED = "refused"
    SILENT = "silent"
    NONSENSE = "nonsense"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What came of a question: in one line, with what to do where it went wrong."""

    outcome: Outcome
    message: str
    took_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """A host that a source may call, and how it fares."""

    host: OutsideHost
    calls: int
    last_called_at: datetime | None
    last_answered_at: datetime | None
    blocked_until: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What is called outside: whether it is on, who decided that, and what it is sent."""

    name: str
    title: str
    can: frozenset[Capability]
    switch: Switch
    may_switch: bool
    needs: str | None
    credit: str
    keeps_days: int | None
    hosts: tuple[HostState, ...]


def source(app: App, name: str) -> FilmSource:
    """A source that calls somebody.

    Raises:
        NotFound: there is none of this name.
    """
    found = app.sources.get(name)
    if found is None or not found.hosts:
        known = ", ".join(name for name, found in app.sources.items() if found.hosts)
        raise NotFound(f"There is no source '{name[:40]}'. There are: {known}.")
    return found


def is_on(app: App, session: Session, name: str) -> bool:
    """Whether a source may be asked."""
    return decide(app.settings, name, switches(session).get(name)).is_on


def on(app: App, session: Session) -> frozenset[str]:
    """Names of the sources that may be asked, by one query."""
    return frozenset(sources_on(app, session))


def sources_on(app: App, session: Session) -> dict[str, FilmSource]:
    """The sources that may be asked, in order of trust; without those that call nobody."""
    said = switches(session)
    named = said.keys() | app.settings.sources.keys()  # of which nobody said anything is off
    found = {name for name in named if decide(app.settings, name, said.get(name)).is_on}
    if not found:  # and no source need be made
        return {}
    return {name: each for name, each in app.sources.items() if name in found and each.hosts}


def states(app: App, session: Session, *, may_operate: bool) -> list[SourceState]:
    """Everybody outside who is called: film sources in order of trust, what accounts need, and YouTube by the page.

    Args:
        may_operate: whether the reader may switch, and see the addresses that the operator wrote.
    """
    said = switches(session)
    rows = {row.host: row for row in session.scalars(select(models.Host))}

    def told(hosts: Iterable[OutsideHost], own: Collection[str]) -> tuple[HostState, ...]:
        shown = [_unnamed(host) if host.host in own and not may_operate else host for host in hosts]
        return tuple(_host_state(host, rows.get(host.host)) for host in shown)

    found = []
    for name, each in app.sources.items():
        if not each.hosts:
            continue
        decided = decide(app.settings, name, said.get(name))
        found.append(
            SourceState(
                name=name,
                title=each.title,
                can=each.can,
                switch=decided,
                may_switch=may_operate and refusal(app.settings, name) is None,
                needs=each.needs,
                credit=each.credit,
                keeps_days=each.keeps.days if each.keeps else None,
                hosts=told(each.hosts, _written(app.settings, name)),
            )
        )
    for name, title, host in _of_settings(app.settings):
        decided = _offline_or(app.settings, Switch(True, DecidedBy.SETTINGS))
        found.append(_state(name, title, decided, told([host], [host.host] if name == MAIL else [])))
    return [*found, _youtube(app.settings)]


def test(app: App, name: str) -> Tested:
    """Ask a source a small question about a film that everybody knows, whatever was kept or went wrong before.

    Raises:
        NotFound: there is no such source.
    """
    found = source(app, name)
    with app.reading() as session:
        decided = decide(app.settings, name, switches(session).get(name))
    began = time.monotonic()
    outcome, message = _off(found, decided) if not decided.is_on else _ask(app, found)
    return Tested(outcome=outcome, message=message, took_ms=round((time.monotonic() - began) * 1000))


def _ask(app: App, found: FilmSource) -> tuple[Outcome, str]:
    try:
        with _trying(app, found):
            told = _question(app, found)
    except SourceOff as error:
        return Outcome.OFF, error.message
    except SourceRefused as error:
        return Outcome.REFUSED, f"{error.message} {_remedy(found)}"
    except SourceUnavailable as error:
        return Outcome.SILENT, f"{error.message} Look at this machine's connection, or try again later."
    except SourceNonsense as error:
        return Outcome.NONSENSE, f"{error.message} It may have changed: look for a newer MovieFinder."
    except FilmNotFound:
        return (
            Outcome.NONSENSE,
            "It answers, but does not know a film that everybody knows. It may have changed.",
        )
    return Outcome.ANSWERS, told


def _question(app: App, found: FilmSource) -> str:
    """Ask; gives what it said in one line."""
    if Capability.FILM in found.can and "imdb" in found.takes:
        return f"It answers: {found.film(EVERYBODYS_FILM).title}."
    if Capability.SEARCH in found.can:
        known = found.search("The Matrix", limit=1)
        return f"It answers: {known[0].title}." if known else "It answers, and finds nothing."
    if Capability.POSTER in found.can:
        known_film = app.sources["embedded"].film(EVERYBODYS_FILM)
        size = len(found.poster(known_film.poster or ""))
        return f"It answers with a poster of {size:,} bytes; for all else it needs a {found.needs or 'key'}."
    return f"It can be asked for nothing as it is set up; it needs a {found.needs or 'key'}."


@contextmanager
def _trying(app: App, found: FilmSource) -> Iterator[None]:
    """Ask anew and not for long, also where the last answers were refusals."""
    from moviefinder.sources import http
    from moviefinder.store.hosts import HostLedger

    ledger = HostLedger(app.engine)
    for host in found.hosts:
        ledger.unblock(host.host)
    with http.within(TEST_S), http.anew():
        yield


def _off(found: FilmSource, decided: Switch) -> tuple[Outcome, str]:
    name = found.name
    if decided.decided_by is DecidedBy.OFFLINE:
        return Outcome.OFF, "This install is offline: the setting 'offline' switches every source off."
    if name in BY_SETTINGS_ONLY:
        return (
            Outcome.OFF,
            f"Off. Only the settings switch it on: sources.{name}.on and sources.{name}.client; read its terms first.",
        )
    if decided.decided_by is DecidedBy.SETTINGS:
        return Outcome.OFF, f"Off by the setting sources.{name}.on."
    also = f", or set sources.{name}.key" if found.needs == "key" else ""
    return Outcome.OFF, f"Off. Switch it on with 'moviefinder sources on {name}' or on the page{also}."


def _remedy(found: FilmSource) -> str:
    if found.name == "tmdb":
        return "Look at the setting sources.tmdb.key."
    if found.name in BY_SETTINGS_ONLY:
        return f"Look at the setting sources.{found.name}.client, or leave this source off."
    return "It may not want programs like this one: leave it off, or ask again tomorrow."


def refusal(settings: Settings, name: str) -> SourceOff | NotAllowed | None:
    """What keeps everybody from switching a source on the page; None where nothing does."""
    if name == YOUTUBE:
        return NotAllowed(
            "The page asks by itself before it plays the first trailer; there is nothing to switch here."
        )
    if settings.offline:
        return SourceOff("This install is offline: the setting 'offline' switches every source off.")
    if name in BY_SETTINGS_ONLY:
        return NotAllowed(
            f"Only the operator's settings switch this source: sources.{name}.on, with a client's name."
        )
    if settings.source(name).on is not None:
        return NotAllowed(f"The setting sources.{name}.on decides. Take it out to decide here.")
    return None


def _host_state(host: OutsideHost, row: models.Host | None) -> HostState:
    return HostState(
        host=host,
        calls=row.calls if row else 0,
        last_called_at=row.last_called_at if row else None,
        last_answered_at=row.last_answered_at if row else None,
        blocked_until=row.blocked_until if row else None,
        last_error=row.last_error if row else None,
    )


def _written(settings: Settings, name: str) -> set[str]:
    """Where the operator has a source asked instead of its own hosts."""
    own = settings.source(name)
    return {name_of(address) for address in (own.address, own.images) if address}


def _of_settings(settings: Settings) -> Iterator[tuple[str, str, OutsideHost]]:
    """Who is called for accounts, where the settings name them: name, title, host."""
    if address := settings.mail_server.get_secret_value():
        yield (
            MAIL,
            "Mail server",
            OutsideHost(
                host=urlsplit(address).hostname or "",
                purpose="Takes the mails that confirm addresses and tell of changes to accounts.",
                sends="People's e-mail addresses, and the mails to them.",
            ),
        )
    for name, provider in settings.providers.items():
        host = OutsideHost(
            host=urlsplit(provider.address or provider.issuer or FACEBOOK).hostname or "",
            purpose="Says who somebody is who signs in with it.",
            sends="This install's number there, and a code that the person's browser brought from it.",
        )
        yield f"sign-in-{name}", provider.title or name.capitalize(), host


def _state(name: str, title: str, switch: Switch, hosts: tuple[HostState, ...]) -> SourceState:
    """What is called and knows no films: the settings alone switch it."""
    return SourceState(
        name=name,
        title=title,
        can=frozenset(),
        switch=switch,
        may_switch=False,
        needs=None,
        credit="",
        keeps_days=None,
        hosts=hosts,
    )


def _offline_or(settings: Settings, switch: Switch) -> Switch:
    return Switch(False, DecidedBy.OFFLINE) if settings.offline else switch


def _unnamed(host: OutsideHost) -> OutsideHost:
    """What a stranger is told of a host of the operator's own: not where it is, and so not how it fares."""
    return replace(host, host=OPERATORS_OWN)


def _youtube(settings: Settings) -> SourceState:
    """The one host that the page calls, not we; the page asks before the first trailer."""
    host = OutsideHost(
        host="www.youtube-nocookie.com",
        purpose="Plays a trailer in the page, when it is clicked.",
        sends="The trailer's number and this site's name, from your browser.",
    )
    decided = _offline_or(settings, Switch(True, DecidedBy.PAGE))
    return _state(YOUTUBE, "YouTube", decided, (_host_state(host, None),))
