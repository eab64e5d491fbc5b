// @vitest-environment happy-dom
import { render } from "preact"
import { describe, expect, test } from "vitest"
import { Markdown } from "../src/components/markdown"
import { mayHaveMarkup } from "../src/model/markup"

function drawn(text: string): HTMLElement {
  const page = document.createElement("div")
  render(<Markdown text={text} />, page)
  return page
}
const tags = (page: HTMLElement) => [...new Set([...page.querySelectorAll("*")].map(({ localName }) => localName))].sort()

test.each([
  ["**bold** and _italic_ and ~~struck~~", "del em p strong", "bold and italic and struck"],
  ["`a < b`", "code p", "a < b"],
  ["```js\nlet a = '<b>'\n```", "code pre", "let a = '<b>'"],
  ["> quoted", "blockquote p", "quoted"],
  ["- one\n- two", "li ul", "onetwo"],
  ["3. three\n4. four", "li ol", "threefour"],
  ["- one\n  1. of one\n- two", "li ol ul", "oneof onetwo"],
  ["one\ntwo", "br p", "onetwo"],
])("%j is shown as %s", (text, elements, words) => {
  const page = drawn(text)
  expect(tags(page)).toEqual(elements.split(" "))
  expect(page.textContent!.trim()).toBe(words)
})

describe("what a chat doesn't need stays as it was written", () => {
  test.each(["# Heading", "1986. What a year!", "- just that", "![picture](https://example.org/a.png)", "Title\n---", "a_b_c"])("%j", (text) => {
    const page = drawn(text)
    expect(page.querySelector("h1, h2, ol, ul, img, hr, em")).toBeNull()
    expect(page.textContent!.replace(/\s/g, "")).toBe(text.replace(/\s/g, ""))
  })
})

describe("what is hostile stays text", () => {
  test.each([
    "<script>alert(1)</script>",
    "**<img src=x onerror=alert(1)>**",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](vbscript:x)",
    "[click](//evil.example)",
    "[a]: javascript:alert(1)\n\n[a]",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "<a href='javascript:alert(1)'>x</a>",
    "<svg><script>alert(1)</script></svg>",
    '[x](https://e.org/"onmouseover="alert(1))',
    "`<b>`<iframe src=javascript:alert(1)>",
  ])("%s", (text) => {
    const page = drawn(text)
    expect(page.querySelector("script, img, svg, iframe")).toBeNull()
    for (const link of page.querySelectorAll("a")) {
      expect(link.getAttribute("href")).toMatch(/^https:\/\//)
      expect(link.getAttributeNames().sort()).toEqual(["class", "href", "rel", "target"])
    }
  })
})

test("a link with words goes where it says, and tells nothing about this page", () => {
  const link = drawn("see [the *map*](https://example.org/map)").querySelector("a")!
  expect(link.textContent).toBe("the map")
  expect(link.getAttribute("href")).toBe("https://example.org/map")
  expect(link.rel).toBe("noopener noreferrer nofollow")
})

test("four thousand characters of anything are drawn quickly", () => {
  const began = performance.now()
  const nested = "*a **b ".repeat(300) + "** *".repeat(300)
  const hostile = [nested, "*", "**", "_", "`", "[", "![", "](", "> ", ">", "- ", "1. ", "* ", "+ ", "~~", "~~a", "<", "<a ", "&", "\\", "_a ", "**a", "*a_", "|a", "\n>", "\n- ", "\t- ", "a@b.c ", "www.a.b ", "[a](", "[a][", "`a``", "- > "]
  for (const text of hostile) drawn(text.repeat(4000 / text.length + 1).slice(0, 4000))
  expect(performance.now() - began).toBeLessThan(3000)
}, 20_000)

test.each([
  ["Good morning!", false],
  ["3 - 2 = 1", false],
  ["https://example.org/a-b", false],
  ["snake_case", true],
  ["- one", true],
  ["12. May", true],
  ["> quoted", true],
])("%j may have markup: %s", (text, may) => {
  expect(mayHaveMarkup(text)).toBe(may)
})
