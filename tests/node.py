"""The Node that the page's tools and phoenix.js run on: the machine's, else the one that the test extra brings."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

WEB: Final = Path(__file__).parents[1] / "web"
PATH: Final = os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])


def program(name: str) -> str:
    found = shutil.which(name, path=PATH)
    assert found is not None, "the test extra brings a Node"
    return found


def npm(*words: str) -> None:
    """In `web/`."""
    command = [program("npm"), *words]
    done = subprocess.run(command, cwd=WEB, env={**os.environ, "PATH": PATH}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def install() -> None:
    """What `web/package-lock.json` says, unless something is installed already."""
    if not (WEB / "node_modules").is_dir():
        npm("ci", "--no-audit", "--no-fund")
