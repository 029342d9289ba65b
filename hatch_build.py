"""Compiles `sfu/native` while the package is built or installed. Where that fails, the package works without."""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NativeBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # of no configuration of its own
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a wheel is put together, an editable one too."""
        if self.target_name != "wheel":
            return
        folder = Path(self.root) / "sfu" / "native"
        try:
            built = runpy.run_path(str(folder / "build.py"))["build"](folder)
        except Exception as error:
            # setuptools raises its own errors, a machine without headers or a linker others: none may stop the install.
            self.app.display_warning(f"sfu/native was not compiled, forwarding will cost more: {error}")
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["artifacts"].append(f"sfu/native/{built.name}")
