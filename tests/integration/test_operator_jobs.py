"""What the operator sees of the work behind the scenes, and trying again what failed; by the API and by hand."""

import dataclasses
import json

import pytest
from sqlalchemy import select, update

from moviefinder.cli import main
from moviefinder.store import jobs, models
from moviefinder.web import create_app
from tests.conftest import NOW, WRITE


@pytest.fixture
def failed(app):
    """The ids of three failed jobs, and one that is done."""
    with app.transaction() as session:
        for number in range(4):
            jobs.enqueue(session, "fetch_film", f"tmdb:60{number}", {"source": "tmdb"}, now=NOW)
        session.execute(
            update(models.Job).values(state="failed", attempts=8, error="No answer.", finished_at=NOW)
        )
        last = session.scalars(select(models.Job).order_by(models.Job.id.desc())).first()
        last.state, last.error = "done", None
        return list(
            session.scalars(select(models.Job.id).where(models.Job.state == "failed").order_by(models.Job.id))
        )


def state_of(app, job_id):
    """The state of one job."""
    with app.reading() as session:
        return session.scalar(select(models.Job.state).where(models.Job.id == job_id))


def test_failed_jobs_are_listed_without_what_they_were_for(client, failed):
    """The latest first; kind, error and times, but no film, and nobody's."""
    answer = client.get("/api/v1/jobs?state=failed").get_json()
    assert [job["id"] for job in answer["items"]] == failed[::-1]
    assert set(answer["items"][0]) == {
        "id",
        "kind",
        "state",
        "attempts",
        "deaths",
        "error",
        "created_at",
        "run_after",
        "finished_at",
    }
    assert "tmdb" not in json.dumps(answer)
    assert len(client.get("/api/v1/jobs?limit=1").get_json()["items"]) == 1
    assert client.get("/api/v1/jobs?state=lost").status_code == 422


def test_a_failed_job_is_tried_again(app, client, failed):
    """Once: it is not failed any more then."""
    again = f"/api/v1/jobs/{failed[0]}/retry"
    assert client.post(again).status_code == 403  # from another site, for all that we know
    assert client.post(again, headers=WRITE).get_json() == {"queued": True}
    assert state_of(app, failed[0]) == "queued"
    assert client.post(again, headers=WRITE).status_code == 404
    assert (
        client.post("/api/v1/jobs/999/retry", headers=WRITE).get_json()["type"] == "/problems/job-not-found"
    )


def test_only_the_operator_sees_and_retries_where_others_can_reach(app, failed, say):
    """On a local install everybody may; elsewhere a guest may not."""
    public = app.settings.model_copy(update={"base_url": "https://films.example.org"})
    client = create_app(dataclasses.replace(app, settings=public)).test_client()
    base = {"base_url": "https://films.example.org"}
    assert client.get("/api/v1/jobs", **base).status_code == 403
    assert client.post(f"/api/v1/jobs/{failed[0]}/retry", headers=WRITE, **base).status_code == 403
    client.patch("/api/v1/library/1", json={"verdict": "liked"}, headers=WRITE, **base)
    assert client.get("/api/v1/jobs", **base).status_code == 403
    with app.transaction() as session:
        session.execute(update(models.User).values(is_operator=True))
    assert client.get("/api/v1/jobs", **base).status_code == 200
    assert client.post(f"/api/v1/jobs/{failed[0]}/retry", headers=WRITE, **base).status_code == 200


def run(capsys, monkeypatch, app, *arguments):
    """Run a command on the App's database; gives exit code, and what it said on either stream."""
    monkeypatch.setenv("MOVIEFINDER_DATABASE", app.settings.database)
    with pytest.raises(SystemExit) as exit_:
        main([*arguments, "--data", str(app.settings.data)])
    said = capsys.readouterr()
    return exit_.value.code, said.out, said.err


def test_the_command_lists_and_retries(app, failed, capsys, monkeypatch):
    """One, or all that failed; for people and for programs."""
    code, out, _ = run(capsys, monkeypatch, app, "jobs", "list", "--state", "failed")
    assert code == 0
    assert [int(line.split()[0]) for line in out.splitlines()] == failed[::-1]
    assert "No answer." in out
    assert "60" not in out.replace("2026", "")
    code, out, _ = run(capsys, monkeypatch, app, "jobs", "list", "--json")
    assert [job["state"] for job in json.loads(out)] == ["done", "failed", "failed", "failed"]
    assert run(capsys, monkeypatch, app, "jobs", "retry", str(failed[0]))[:2] == (0, "1 queued again.\n")
    assert state_of(app, failed[0]) == "queued"
    assert run(capsys, monkeypatch, app, "jobs", "retry", "--all")[:2] == (0, "2 queued again.\n")
    code, _, said = run(capsys, monkeypatch, app, "jobs", "retry", str(failed[0]))
    assert (code, said) == (
        1,
        f"moviefinder: No failed job has the id {failed[0]}. It may have been tried again already.\n",
    )
    assert run(capsys, monkeypatch, app, "jobs", "retry")[0] == 2


def test_a_worker_of_the_wrong_set_up_says_so(app, capsys, monkeypatch):
    """`moviefinder worker` is not for an install whose queue is Celery's."""
    monkeypatch.setenv("MOVIEFINDER_QUEUE", "celery")
    monkeypatch.setenv("MOVIEFINDER_BROKER", "amqp://127.0.0.1:1//")
    code, _, said = run(capsys, monkeypatch, app, "worker")
    assert code == 2
    assert "celery -A moviefinder.worker.celery worker" in said
