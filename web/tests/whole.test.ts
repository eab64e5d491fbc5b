import { expect, test } from "vitest"
import { whole } from "../src/model/whole"

test("an emoji that was cut in half is replaced, a whole one stays", () => {
  expect(whole("a\u{1F600}".slice(0, 2))).toBe("a\uFFFD")
  expect(whole("a\u{1F600}b")).toBe("a\u{1F600}b")
})
