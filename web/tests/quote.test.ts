import { expect, test } from "vitest"
import { quoted } from "../src/model/quote"

test("an answer begins with what was said, in one line", () => {
  expect(quoted("Ada", "Who has\nthe key?")).toBe("> @Ada: Who has the key?\n\n")
})

test("what the message itself quoted is left out", () => {
  expect(quoted("Bo", "> @Ada: Who has the key?\n\nNot me.")).toBe("> @Bo: Not me.\n\n")
})

test("a long message is cut between characters", () => {
  const quote = quoted("Ada", "🎉".repeat(300))
  expect([...quote].filter((character) => character === "🎉")).toHaveLength(200)
  expect(quote.endsWith("…\n\n")).toBe(true)
})
