import { expect, test } from "vitest"
import { isWordless } from "../src/model/wordless"

test.each([
  ["🎉", true],
  ["👩‍👩‍👧 ❤️", true],
  ["👍🏽", true],
  ["🇫🇷", true],
  ["", false],
  ["  ", false],
  ["12", false],
  ["ok 👍", false],
])("%j is shown large: %s", (text, large) => {
  expect(isWordless(text)).toBe(large)
})
