"""The work behind the scenes, for who runs this install: what failed, and trying it again."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_openapi import APIBlueprint, Tag

from moviefinder.store import jobs
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import moviefinder
from moviefinder.web.security import Access, access

blueprint = APIBlueprint(
    "jobs",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="jobs")],
    abp_responses=failures(400, 422),
)


@blueprint.get("/jobs", responses={200: schemas.JobList, **failures(401, 403)})
@access(Access.HOUSEHOLD)
def list_jobs(query: schemas.JobQuery) -> schemas.JobList:
    """Jobs, the latest first; never which film or whom they are for."""
    with moviefinder().reading() as session:
        found = jobs.past(session, state=query.state, limit=query.limit)
    return schemas.JobList(items=[schemas.Job.of(job) for job in found])


@blueprint.post("/jobs/<int:job>/retry", responses={200: schemas.Retried, **failures(401, 403, 404, 503)})
@access(Access.HOUSEHOLD)
def retry_job(path: schemas.JobPath) -> schemas.Retried:
    """Try a failed job again from the beginning."""
    with moviefinder().transaction() as session:
        return schemas.Retried(queued=jobs.retry(session, path.job, now=datetime.now(UTC)))
