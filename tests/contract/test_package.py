"""The wheel is all that is needed: page, catalogue, migrations, licences. Building it leaves no trace in a checkout."""

import email
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def git(folder: Path, *arguments: str) -> str:
    """What git says in `folder`."""
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    told = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return told.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A repository with what a commit of this one would hold, and the packages of the page, linked."""
    folder = tmp_path_factory.mktemp("package") / "checkout"
    for name in git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(
        ROOT / "ui" / "node_modules", folder / "ui" / "node_modules", symlinks=True, copy_function=os.link
    )
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "A clone")
    return folder


@pytest.fixture(scope="module")
def wheel(checkout):
    """The wheel, built from a checkout in which nothing was built before."""
    assert not (checkout / "src" / "moviefinder" / "web" / "static").exists()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "../wheel"],
        cwd=checkout,
        check=True,
    )
    return next((checkout.parent / "wheel").glob("moviefinder-*.whl"))


def test_the_wheel_holds_page_catalogue_and_migrations(wheel):
    """Whoever installs it needs no Node, no key and no network."""
    names = zipfile.ZipFile(wheel).namelist()
    assert "moviefinder/shipped/catalogue.zip" in names
    assert "moviefinder/shipped/first/moviefinder.db" in names
    assert not [name for name in names if name.endswith((".lock", "-wal", "-shm"))]
    assert "moviefinder/shipped/first/moviefinder.db" in names
    assert "moviefinder/web/static/index.html" in names
    assert [
        name for name in names if name.startswith("moviefinder/web/static/assets/") and name.endswith(".js")
    ]
    assert [name for name in names if name.startswith("moviefinder/store/migrations/versions/")]
    assert [name for name in names if not name.startswith(("moviefinder/", "moviefinder-"))] == []


def test_the_wheel_says_its_licences(wheel):
    """The code's and the data's, with both texts."""
    archive = zipfile.ZipFile(wheel)
    folder = next(name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name)
    metadata = email.message_from_bytes(archive.read(f"{folder}/METADATA"))
    assert metadata["License-Expression"] == "MIT AND BSD-3-Clause AND LicenseRef-MovieLens"
    assert sorted(metadata.get_all("License-File")) == ["DATA-LICENSES.md", "LICENSE"]
    assert {f"{folder}/licenses/{name}" for name in ("LICENSE", "DATA-LICENSES.md")} <= set(
        archive.namelist()
    )


def test_the_licences_of_the_page_travel_with_it(wheel):
    """Preact and the display face ask for their notice beside every copy."""
    text = zipfile.ZipFile(wheel).read("moviefinder/web/static/licences.txt").decode()
    assert "SIL OPEN FONT LICENSE" in text
    for package in json.loads((ROOT / "ui" / "package.json").read_text())["dependencies"]:
        assert f"{package} " in text


def test_the_wheel_runs_by_itself(wheel, tmp_path):
    """Unpacked and away from the checkout, the command answers and knows its catalogue."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    for arguments in (["--version"], ["catalogue", "--help"]):
        subprocess.run(
            [sys.executable, "-m", "moviefinder", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            check=True,
        )


def test_building_leaves_a_clone_clean(checkout, wheel):
    """What is built is ignored by git, so that nobody commits it by accident."""
    assert (checkout / "src" / "moviefinder" / "web" / "static" / "index.html").is_file()
    assert git(checkout, "status", "--porcelain") == ""


def test_the_source_archive_can_build_the_page(checkout):
    """It holds the page's sources and the tools that build it, without the packages they need."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", "../sdist"],
        cwd=checkout,
        check=True,
    )
    archive = next((checkout.parent / "sdist").glob("moviefinder-*.tar.gz"))
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"ui/package-lock.json", "ui/index.html", "tools/page.py", "tools/hatch_build.py"} <= names
    assert [name for name in names if "node_modules" in name] == []
