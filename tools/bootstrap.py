"""Sets up a checkout and starts the server: `make run` on a machine that has Python and make, nothing else.

Standard library only. What was done before is not done again: a stamp beside each step holds the hash of what it was
made from (the lock files, the sources of the page).
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import first_data
import page

ROOT = page.ROOT
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
OLDEST = (3, 11)

# What each purpose installs: lock files under requirements/.
SETS = {"run": ["base", "page"], "test": ["dev"], "bench": ["dev", "bench"]}


class SetUpError(Exception):
    """Something on this machine is missing; the message says what to install."""


def main() -> int:
    """Set up, then start the server when asked to."""
    parser = argparse.ArgumentParser(
        description="Set up this checkout; with `run`, start the server as well."
    )
    parser.add_argument("what", choices=SETS)
    parser.add_argument("serve", nargs=argparse.REMAINDER, help="with run: arguments for `moviefinder serve`")
    told = parser.parse_args()
    try:
        with Path(__file__).open() as door:
            fcntl.flock(door, fcntl.LOCK_EX)  # two at once would install into one folder
            set_up(told.what)
    except SetUpError as error:
        print(f"make: {error}", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print(f"make: `{' '.join(map(str, error.cmd))}` failed ({error.returncode}).", file=sys.stderr)
        return 1
    if told.what == "run":
        # exec, so that a signal to this process reaches the server
        os.execv(PYTHON, [str(PYTHON), "-m", "moviefinder", "serve", *told.serve])  # noqa: S606 - no shell is wanted
    return 0


def set_up(what: str) -> None:
    """Make the virtual environment, install the packages of `what`, build the page."""
    make_venv()
    for name in SETS[what]:
        install(ROOT / "requirements" / f"{name}.txt")
    if (page.UI / "package.json").is_file():
        say_if(page.build(page.Node(site_packages()), stamp=STAMPS / "page"), "built the page")
    say_if(first_data.make(PYTHON, stamp=STAMPS / "first-data"), "prepared the first start")


def make_venv() -> None:
    """Make .venv with the package's sources on its path, anew when its Python or the checkout has moved."""
    if sys.version_info < OLDEST:
        oldest, this = (".".join(map(str, version[:2])) for version in (OLDEST, sys.version_info))
        raise SetUpError(f"MovieFinder needs Python {oldest} or later, this is {this}.")
    stamp = STAMPS / "venv"
    wanted = f"{ROOT}\n"
    if PYTHON.exists() and stamp.is_file() and stamp.read_text() == wanted:
        return
    if VENV.exists():
        shutil.rmtree(VENV)
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        said = (made.stderr + made.stdout).strip()
        if "ensurepip" in said or "No module named venv" in said:
            raise SetUpError(
                "this Python makes no virtual environments: install python3-venv (on Debian, Ubuntu)."
            )
        raise SetUpError(f"`{sys.executable} -m venv .venv` failed: {said}")
    # A plain path file needs no build back end; the command beside it is what an install would write.
    (site_packages() / "moviefinder.pth").write_text(f"{ROOT / 'src'}\n")
    command = VENV / "bin" / "moviefinder"
    command.write_text(f"#!{PYTHON}\nimport sys\n\nfrom moviefinder.cli import main\n\nsys.exit(main())\n")
    command.chmod(0o755)
    STAMPS.mkdir()
    stamp.write_text(wanted)
    say_if(True, "made .venv")


def install(lock: Path) -> None:
    """Install a lock file, checking each hash: by uv, and by pip where uv cannot."""
    stamp = STAMPS / lock.stem
    wanted = page.digest([lock])
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    # uv must neither fetch a Python of its own nor overlook the certificates that this machine trusts.
    env = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "1", "VIRTUAL_ENV": str(VENV)}
    pip: list[str | Path] = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        if not (VENV / "bin" / "uv").exists():
            subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements" / "uv.txt"], check=True)
        uv: list[str | Path] = [VENV / "bin" / "uv", "pip", "install", "--quiet"]
        subprocess.run([*uv, "--require-hashes", "-r", lock], env=env, check=True)
    except (subprocess.CalledProcessError, OSError):
        subprocess.run([*pip, "--require-hashes", "-r", lock], check=True)
    stamp.write_text(wanted)
    say_if(True, f"installed {lock.relative_to(ROOT)}")


def site_packages() -> Path:
    """Where the virtual environment keeps its packages."""
    return next(VENV.glob("lib/python3.*/site-packages"))


def say_if(done: bool, what: str) -> None:
    """One line on stderr for each step that was taken; silence when there was nothing to do."""
    if done:
        print(f"set up: {what}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
