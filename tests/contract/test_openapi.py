"""The running API does what its own document says, for anything that is sent to it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import server as servers
from tests.browser import LOVED
from tests.visitor import Visitor

EXAMPLES = 15  # of each operation and phase; coverage alone makes some hundreds of calls


@pytest.fixture(scope="module")
def server(tmp_path_factory, outside):
    """A server of its own: what is written here is nonsense. Whoever it switches on is our stand-in."""
    folder = tmp_path_factory.mktemp("openapi")
    with servers.running(folder / "data", **servers.outside(outside)) as server:
        yield server


def as_nobody(url):
    """Each write makes a guest of its own."""
    return []


def as_guest(url):
    """One guest who has said something; the operation that would end its session is left out."""
    visitor = Visitor(url)
    for film in LOVED:
        visitor.ask("PATCH", f"/library/{film}", {"verdict": "liked"})
    cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.cookies)
    return [f"--header=Cookie: {cookie}", "--exclude-name=DELETE /api/v1/session"]


@pytest.mark.parametrize("asking", [as_nobody, as_guest])
def test_schemathesis_finds_nothing(server, tmp_path, asking):
    """Examples, edges, random input and chains of calls: no 5xx, no undocumented answer, nothing accepted wrongly."""
    told = subprocess.run(
        [
            Path(sys.executable).with_name("st"),
            f"--config-file={Path(__file__).with_name('schemathesis.toml')}",
            "run",
            f"{server.url}/openapi.json",
            "--phases=examples,coverage,fuzzing,stateful",
            f"--max-examples={EXAMPLES}",
            "--header=X-Requested-With: moviefinder",
            "--generation-database=none",
            "--seed=1",
            "--no-color",
            *asking(server.url),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout[-20_000:] + told.stderr
