"""Bodies of the work behind the scenes: what was done, never what or whom it was for."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from moviefinder.store.jobs import PastJob, State
from moviefinder.web.schemas.base import Answer, Number, PageSize, Query, Request


class JobQuery(Query):
    state: State | None = Field(default=None, description="Only jobs in this state.")
    limit: PageSize = 50


class JobPath(Request):
    job: Number


class Job(Answer):
    id: int
    kind: str
    state: State
    attempts: int = Field(description="How often it was tried; eight times at most.")
    deaths: int = Field(description="How often the worker that ran it died; five times at most.")
    error: str | None
    created_at: datetime
    run_after: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, job: PastJob) -> Job:
        return cls(
            id=job.id,
            kind=job.kind,
            state=job.state,
            attempts=job.attempts,
            deaths=job.deaths,
            error=job.error,
            created_at=job.created_at,
            run_after=job.run_after,
            finished_at=job.finished_at,
        )


class JobList(Answer):
    items: list[Job]


class Retried(Answer):
    queued: bool = Field(
        description="False when the same work had been asked for anew; the failed job is gone."
    )
