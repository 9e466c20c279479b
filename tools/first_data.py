"""Makes the data folder that the package ships, from which a first start begins: tables, catalogue, derived files.

It holds nothing that `moviefinder db upgrade` would not make on any machine, so it is not committed; it is made when a
checkout is set up and when a wheel is built, and without it a first start takes two seconds longer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import page

PACKAGE = page.ROOT / "src" / "moviefinder"
FIRST = PACKAGE / "shipped" / "first"
SOURCES = [
    "store",
    "titles",
    "recommend",
    "catalogue",
    "services/catalogue.py",
    "shipped/catalogue.zip",
    "shipped/model.npz",
]


def make(python: Path, *, stamp: Path | None = None) -> bool:
    """Make the folder, unless `stamp` says that it was made from these very files; tells whether it ran."""
    wanted = page.digest([PACKAGE / name for name in SOURCES])
    if stamp and stamp.is_file() and stamp.read_text() == wanted and (FIRST / "moviefinder.db").is_file():
        return False
    shutil.rmtree(FIRST, ignore_errors=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith("MOVIEFINDER_")}
    env["PYTHONPATH"] = str(PACKAGE.parent)
    command: list[str | Path] = [python, "-m", "moviefinder", "db", "upgrade", "--data", FIRST]
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    for lock in FIRST.glob("*.lock"):
        lock.unlink()
    for path in [FIRST, *FIRST.rglob("*")]:  # a data folder is for its owner alone, a package for all
        path.chmod(0o755 if path.is_dir() else 0o644)
    if stamp:
        stamp.write_text(wanted)
    return True
