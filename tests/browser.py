"""How tests and screenshots start a browser: the system's Chromium, quiet and alone."""

from __future__ import annotations

import os
from pathlib import Path

CHROMIUM = Path(os.environ.get("MOVIEFINDER_CHROMIUM", "/usr/bin/chromium"))
MISSING = f"No Chromium at {CHROMIUM}: apt-get install chromium, or set MOVIEFINDER_CHROMIUM."
FLAGS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
