"""What a stranger gets with a clone: locks without addresses, one command for each need, nothing out of place."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PAGE_LOCKS = [ROOT / "ui" / "package-lock.json", ROOT / "ui" / "tools" / "package-lock.json"]


def name_of(requirement: str) -> str:
    """The package that a requirement line asks for."""
    return re.split(r"[\[<>=~! ;]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def asked_for(requirements: list) -> set[str]:
    """Names of the packages in a list of requirements; groups that are included name their own."""
    return {name_of(line) for line in requirements if isinstance(line, str)}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_file_names_no_registry(lock):
    """Each machine has its own registry; an address in a lock would bind it to ours."""
    assert "://" not in lock.read_text()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_each_locked_package_has_its_hashes(lock):
    """What was not looked at when it was locked is not installed."""
    blocks = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert blocks
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", PAGE_LOCKS, ids=lambda lock: lock.parent.name)
def test_the_lock_of_the_page_names_no_registry(lock):
    """The same for npm: hashes yes, addresses no."""
    packages = json.loads(lock.read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


def test_every_dependency_is_locked_and_has_its_reason():
    """pyproject.toml, the locks and the page of reasons tell the same."""
    groups = PROJECT["dependency-groups"]
    needs = {
        "base": asked_for(PROJECT["project"]["dependencies"]),
        "page": asked_for(groups["page"]),
        "dev": asked_for(groups["dev"])
        | {
            name
            for extra in PROJECT["project"]["optional-dependencies"].values()
            for name in asked_for(extra)
        },
        "bench": asked_for(groups["bench"]),
        "uv": asked_for(groups["uv"]),
    }
    reasons = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text().lower()
    for lock, names in needs.items():
        locked = {name_of(line) for line in (ROOT / "requirements" / f"{lock}.txt").read_text().splitlines()}
        assert names <= locked, lock
        assert {name for name in names if name not in reasons} == set(), lock


def test_make_alone_prints_every_target():
    """The whole vocabulary of a contributor on one screen."""
    told = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert re.findall(r"^make ([a-z-]+)", told.stdout, re.MULTILINE) == phony[1].split()


def test_what_ci_runs_is_what_everybody_runs():
    """.ci/run can be called and ends in `make test`."""
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().rstrip().splitlines()[-1].startswith("make test")
    subprocess.run(["bash", "-n", script], check=True)


def test_a_python_without_venv_is_told_in_one_line_what_to_install(tmp_path):
    """Debian's Python comes without: the first thing that a newcomer there may meet."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    (tmp_path / "crippled").mkdir()
    (tmp_path / "crippled" / "venv.py").write_text("raise SystemExit('ensurepip is not available')")
    told = subprocess.run(
        [sys.executable, tmp_path / "tools" / "bootstrap.py", "run"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "crippled")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert "install python3-venv" in told.stderr
    assert not (tmp_path / ".venv").exists()
