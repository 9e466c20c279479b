"""The layers of docs/architecture.md hold, and what holds them does its work."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

# contract, file, forbidden line
PLANTED = [
    ("layers", "records.py", "import moviefinder.store"),
    ("layers", "services/library.py", "import moviefinder.web.films"),
    ("layers", "web/films.py", "import moviefinder.worker"),
    ("layers", "helpers.py", "import os"),  # a module that nobody gave a layer
    ("views", "web/films.py", "import moviefinder.web.library"),
    ("sources", "sources/tmdb.py", "import moviefinder.sources.imdb"),
    ("loops", "titles/fold.py", "import moviefinder.titles.index"),
    ("flask", "services/library.py", "import flask"),
    ("engines", "recommend/votes.py", "import sqlalchemy"),
    ("engines", "titles/fold.py", "import moviefinder.store"),
]


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package in `folder`/src."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the package's code and of the contracts, to plant things in."""
    folder = tmp_path_factory.mktemp("layers")
    shutil.copy(ROOT / "pyproject.toml", folder)
    not_code = shutil.ignore_patterns("static", "__pycache__", "*.zip")
    shutil.copytree(ROOT / "src" / "moviefinder", folder / "src" / "moviefinder", ignore=not_code)
    return folder


def test_the_layers_hold():
    """Every contract is kept by the code as it is."""
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("contract", "file", "line"), PLANTED)
def test_a_forbidden_import_breaks_its_contract(copy, contract, file, line):
    """A contract that nothing can break would hold nothing."""
    path = copy / "src" / "moviefinder" / file
    before = path.read_text() if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n")
    try:
        result = lint(copy, "--contract", contract)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "0 kept, 1 broken" in result.stdout


def test_each_contract_is_tried():
    """A new contract comes with an import that breaks it."""
    assert {contract["id"] for contract in CONTRACTS} == {contract for contract, _, _ in PLANTED}
