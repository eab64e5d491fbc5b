"""What axe finds wrong for people who read with their ears, their fingers or in poor light."""

import os
from pathlib import Path

import pytest

from .person import Person

SCRIPT = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
  const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const { passes, violations } = await axe.run({ runOnly: rules })
  const found = violations.flatMap(({ help, nodes }) => nodes.map(({ target }) => `${help}: ${target}`))
  return { passes: passes.length, found }
}"""

needs_axe = pytest.mark.skipif(
    not SCRIPT.exists() and "CI" not in os.environ, reason="axe-core isn't installed in web/node_modules"
)


def findings(person: Person) -> list[str]:
    person.page.evaluate(SCRIPT.read_text())
    result = person.page.evaluate(RUN)
    assert result["passes"] > 10
    found: list[str] = result["found"]
    return found
