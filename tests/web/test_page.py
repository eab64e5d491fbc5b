"""The page's own tests and types, run by its own tools, so that one command runs everything."""

import pytest

from tests.node import install, npm


@pytest.fixture(scope="module")
def tools() -> None:
    install()


@pytest.mark.usefixtures("tools")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("script", ["check", "test"])
def test_the_page_keeps_its_own_promises(script: str) -> None:
    npm("run", script)
