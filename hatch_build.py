"""Makes functions_host importable in the repository's own environment, and nothing else of the repository.

Hatchling's own way (`dev-mode-exact`) is a finder that costs each start of Python 30 ms, and the tests start 2,400.
A folder in a .pth file would put the repository's other folders on the path of the apps that the host serves.
"""

import json
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FINDER = """\
import sys


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "functions_host":
            from importlib.util import spec_from_file_location

            return spec_from_file_location(name, {file})
        return None


sys.meta_path.append(Finder)
"""


class EditableBuildHook(BuildHookInterface[Any]):
    """Puts a finder for the one package into an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the finder, and name it in the place of the package."""
        if version != "editable":
            return
        folder = Path(self.directory)
        folder.mkdir(parents=True, exist_ok=True)
        file = json.dumps(str(Path(self.root, "functions_host", "__init__.py")))
        (folder / "finder.py").write_text(FINDER.format(file=file), encoding="utf-8")
        (folder / "finder.pth").write_text("import _functions_host_finder\n", encoding="utf-8")
        build_data["force_include_editable"] = {
            str(folder / "finder.py"): "_functions_host_finder.py",
            str(folder / "finder.pth"): "_functions_host.pth",
        }
