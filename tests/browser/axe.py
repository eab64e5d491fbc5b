"""What axe finds wrong for people who read with their ears, their fingers or in poor light."""

import os
from pathlib import Path

from .person import Person

SCRIPT = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
CAN_LOOK = SCRIPT.exists() or "CI" in os.environ
"""Without axe-core in web/node_modules nothing is looked at; in CI it has to be there."""

RUN = """async () => {
  const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const { passes, violations } = await axe.run({ runOnly: rules })
  const found = violations.flatMap(({ help, nodes }) => nodes.map(({ target }) => `${help}: ${target}`))
  return { passes: passes.length, found }
}"""

STILL = """() => Promise.all(document.getAnimations()
  .filter(({ effect }) => effect.getTiming().iterations !== Infinity)
  .map(({ finished }) => finished.catch(() => null)))"""


def findings(person: Person) -> list[str]:
    if not CAN_LOOK:
        return []
    person.page.evaluate(STILL)  # what is fading in has little contrast yet
    person.page.evaluate(SCRIPT.read_text())
    result = person.page.evaluate(RUN)
    assert result["passes"] > 10
    found: list[str] = result["found"]
    return found


def assert_nothing_found(person: Person) -> None:
    assert findings(person) == []
