"""Writes requirements/*.txt anew from pyproject.toml: every package with its hashes, no address, no header.

The development set is solved first and holds the others, so that one environment can carry them all.
With `--upgrade`, to the newest versions that pyproject.toml allows; else only what it makes necessary.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUARANTINE = "3 days"  # a release that was tampered with is mostly found out within this time
LOCKS = {
    "uv": ["--group", "uv"],
    "dev": ["pyproject.toml", "--group", "dev", "--extra", "postgresql"],
    "base": ["pyproject.toml", "-c", "requirements/dev.txt"],
    "page": ["--group", "page", "-c", "requirements/dev.txt"],
    "bench": ["--group", "bench", "-c", "requirements/dev.txt"],
}


def main() -> int:
    """Solve each set."""
    uv = Path(sys.executable).parent / "uv"
    env = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "1"}
    for name, what in LOCKS.items():
        command: list[str | Path] = [
            uv,
            "pip",
            "compile",
            *what,
            "-o",
            f"requirements/{name}.txt",
            *sys.argv[1:],
        ]
        command += ["--exclude-newer", QUARANTINE]
        command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--quiet"]
        subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
