"""Run a module with the settings of local.settings.json, which `func start` reads by itself.

    python -m funcweb.local <module> <arguments of the module>

So both have one place for settings. A variable that is set in the environment already wins, as it does with `func`.
Where there is no local.settings.json, as in a new clone, the module runs without it.
"""

import json
import os
import runpy
import sys
from pathlib import Path

SETTINGS = Path(__file__).parent.with_name("local.settings.json")


def read_settings(path: Path) -> dict[str, str]:
    """Return the app settings in a file like local.settings.json.

    Raises:
        ValueError: it is not JSON as `func` reads it, or encrypted.
    """
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        if content.get("IsEncrypted"):
            raise ValueError("it is encrypted: run `func settings decrypt`.")
        return {name: str(value) for name, value in content.get("Values", {}).items()}
    except (AttributeError, ValueError) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from None


def main() -> int:
    """Set the variables and run the module in this process."""
    if len(sys.argv) < 2:
        print("usage: python -m funcweb.local <module> <arguments of the module>", file=sys.stderr)
        return 2
    try:
        settings = read_settings(SETTINGS)
    except ValueError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 1
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
