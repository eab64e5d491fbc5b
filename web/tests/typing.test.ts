import { describe, expect, test } from "vitest"
import { english } from "../src/language/english"
import { believedFor, heard, stillTyping, typingLine, type Typists } from "../src/model/typing"
import { ada, bo } from "./people"

const words = english("en-GB")

describe("typing", () => {
  const typing = (...names: string[]): Typists => new Map(names.map((name) => [name, { name, until: 1 }]))

  test.each([
    [typing(), ""],
    [typing("Ada"), "Ada is typing…"],
    [typing("Ada", "Bo"), "Ada and Bo are typing…"],
    [typing("Ada", "Bo", "Chidi"), "Ada, Bo and 1 other are typing…"],
    [typing("Ada", "Bo", "Chidi", "Dmitri", "Eva"), "Ada, Bo and 3 others are typing…"],
  ])("reads as a sentence", (typists, line) => {
    expect(typingLine(typists, words)).toBe(line)
  })

  test("is believed for five seconds without news", () => {
    const typists = heard(heard(new Map(), ada, true, 0), bo, true, 3000)
    expect(typingLine(stillTyping(typists, believedFor - 1), words)).toBe("Ada and Bo are typing…")
    expect(typingLine(stillTyping(typists, believedFor), words)).toBe("Bo is typing…")
  })

  test("ends when they say so", () => {
    expect(heard(heard(new Map(), ada, true, 0), ada, false, 1).size).toBe(0)
  })
})
