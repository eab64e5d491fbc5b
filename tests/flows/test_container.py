"""What `Dockerfile` says of the server, held against the server: containers themselves are not run here."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from chatter.settings import Settings

from .server import COMMAND, VARIABLES, Server

FOLDER: Final = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (FOLDER / "Dockerfile").read_text().replace("\\\n", " ")


def command(dockerfile: str, instruction: str) -> list[str]:
    """In exec form, and with our Python."""
    found = re.search(rf"^{instruction} .*?(\[.*\])$", dockerfile, re.MULTILINE)
    assert found is not None
    program, *words = json.loads(found[1])
    assert program == "python"
    return [sys.executable, *words]


def is_healthy(dockerfile: str, port: int) -> bool:
    variables = {**os.environ, "PORT": str(port)}
    check = command(dockerfile, "HEALTHCHECK")
    return subprocess.run(check, env=variables, capture_output=True, timeout=20, check=False).returncode == 0


def test_it_starts_what_we_start_and_stops_it_as_we_do(dockerfile: str) -> None:
    assert command(dockerfile, "ENTRYPOINT") == list(COMMAND)
    assert f"\nSTOPSIGNAL {signal.SIGTERM.name}\n" in dockerfile


def test_its_variables_are_settings_and_the_port_is_the_one_that_is_exposed(dockerfile: str) -> None:
    [settings] = re.findall(r"^ENV (.*)$", dockerfile, re.MULTILINE)
    variables = dict(word.split("=") for word in settings.split() if not word.startswith("PATH="))
    assert set(variables) <= set(VARIABLES)
    assert f"\nEXPOSE {variables['PORT']}\n" in dockerfile
    assert int(variables["PORT"]) == Settings().port


def test_a_node_is_healthy_while_it_answers(dockerfile: str, tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        assert is_healthy(dockerfile, server.address[1])
    assert not is_healthy(dockerfile, server.address[1])
