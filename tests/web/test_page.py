"""The page's own tests and types, run by its own tools, so that one command runs everything."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "web"
PATH = os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])  # a Node from its wheel comes last


def npm(*words: str) -> None:
    program = shutil.which("npm", path=PATH)
    assert program is not None, "the test extra brings a Node"
    done = subprocess.run([program, *words], cwd=WEB, env={**os.environ, "PATH": PATH}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def tools() -> None:
    if not (WEB / "node_modules").is_dir():
        npm("ci", "--no-audit", "--no-fund")


@pytest.mark.usefixtures("tools")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("script", ["check", "test"])
def test_the_page_keeps_its_own_promises(script: str) -> None:
    npm("run", script)
