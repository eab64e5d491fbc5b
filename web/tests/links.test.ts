import { describe, expect, test } from "vitest"
import { linked } from "../src/model/links"

describe("links", () => {
  const hrefs = (text: string) => linked(text).flatMap(({ href }) => (href ? [href] : []))

  test("are found in a sentence, without the sentence's own punctuation", () => {
    expect(linked("See https://example.org/a, or (http://example.org/b).")).toEqual([
      { text: "See " },
      { text: "https://example.org/a", href: "https://example.org/a" },
      { text: ", or (" },
      { text: "http://example.org/b", href: "http://example.org/b" },
      { text: ")." },
    ])
  })

  test("keep the brackets that belong to them", () => {
    expect(hrefs("https://example.org/Trio_(music)")).toEqual(["https://example.org/Trio_(music)"])
  })

  test.each(["javascript:alert(1)", "data:text/html,x", "https://", "ftp://example.org", "<img src=x onerror=alert(1)>"])(
    "are not made of %s",
    (text) => {
      expect(linked(text)).toEqual([{ text }])
    },
  )

  test("lose no character of the text", () => {
    const text = 'a https://x.org/?q="b" https://y.org... c'
    expect(linked(text).map((piece) => piece.text).join("")).toBe(text)
  })
})
