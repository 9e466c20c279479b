"""Bodies of what leaves this machine: sources, their hosts, switching and testing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from moviefinder.services.sources import HostState, Outcome, SourceState
from moviefinder.services.sources import Tested as Result
from moviefinder.sources import Capability
from moviefinder.sources.loading import DecidedBy
from moviefinder.web.schemas.base import Answer, Request


class SourcePath(Request):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$", description="Such as tmdb.")]


class SourceSwitch(Request):
    on: bool = Field(strict=True)
    forget: bool = Field(
        default=False,
        strict=True,
        description="Drop what the source has told as well, instead of keeping it until its terms end.",
    )


class SourceHost(Answer):
    host: str
    purpose: str
    sends: str
    calls: int
    last_called_at: datetime | None
    last_answered_at: datetime | None
    blocked_until: datetime | None
    last_error: str | None

    @classmethod
    def of(cls, state: HostState) -> SourceHost:
        return cls(
            host=state.host.host,
            purpose=state.host.purpose,
            sends=state.host.sends,
            calls=state.calls,
            last_called_at=state.last_called_at,
            last_answered_at=state.last_answered_at,
            blocked_until=state.blocked_until,
            last_error=state.last_error,
        )


class Source(Answer):
    name: str
    title: str
    can: list[Capability]
    is_on: bool
    decided_by: DecidedBy
    may_switch: bool
    needs: str | None = Field(description="The setting that it lacks: key or client.")
    credit: str
    keeps_days: int | None = Field(description="How long its facts are kept; null for as long as one likes.")
    hosts: list[SourceHost]

    @classmethod
    def of(cls, state: SourceState) -> Source:
        return cls(
            name=state.name,
            title=state.title,
            can=sorted(state.can),
            is_on=state.switch.is_on,
            decided_by=state.switch.decided_by,
            may_switch=state.may_switch,
            needs=state.needs,
            credit=state.credit,
            keeps_days=state.keeps_days,
            hosts=[SourceHost.of(host) for host in state.hosts],
        )


class SourceList(Answer):
    items: list[Source]
    offline: bool


class Tested(Answer):
    outcome: Outcome
    message: str
    took_ms: int

    @classmethod
    def of(cls, result: Result) -> Tested:
        return cls(outcome=result.outcome, message=result.message, took_ms=result.took_ms)
