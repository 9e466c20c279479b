"""`make check`: format, lint, types, layers, spelling and generated files, as many at a time as there are cores.

What passes says one line; what fails shows its whole output.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PAGE = [sys.executable, "tools/page.py"]

# The slowest first.
CHECKS: dict[str, list[str]] = {
    "mypy": [f"{BIN}/mypy"],
    "tsc": [*PAGE, "tsc", "--noEmit", "--pretty", "false"],
    "layers": [f"{BIN}/lint-imports", "--no-cache"],
    "generated files": [sys.executable, "tools/docs.py", "--check"],
    "biome": [*PAGE, "biome", "ci", "--colors=off"],
    "codespell": [f"{BIN}/codespell"],
    "ruff check": [f"{BIN}/ruff", "check", "--quiet"],
    "ruff format": [f"{BIN}/ruff", "format", "--check", "--quiet"],
}


def run(name: str) -> tuple[str, int, str, float]:
    """Run one check: its name, exit code, output and seconds."""
    began = time.monotonic()
    told = subprocess.run(
        CHECKS[name],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return name, told.returncode, told.stdout, time.monotonic() - began


def main() -> int:
    """Run all checks, or those that are named; 1 when any fails."""
    failed = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, code, output, took in pool.map(run, sys.argv[1:] or CHECKS):
            print(f"check: {name:16} {'failed' if code else 'ok'} ({took:.1f} s)", flush=True)
            if code:
                failed.append(name)
                print(output, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
