// @vitest-environment happy-dom
import { render } from "preact"
import { expect, test } from "vitest"
import { LinkedText } from "../src/components/linked_text"

function drawn(text: string): HTMLElement {
  const page = document.createElement("p")
  render(<LinkedText text={text} />, page)
  return page
}

test.each([
  "<script>alert(1)</script>",
  '<img src=x onerror="alert(1)">',
  "<svg/onload=alert(1)>",
  "&lt;b&gt;",
  '"><a href="javascript:alert(1)">x</a>',
])("%s stays the text that it is", (text) => {
  const page = drawn(text)
  expect(page.children).toHaveLength(0)
  expect(page.textContent).toBe(text)
})

test("a web address becomes a link that tells the other side nothing about this page", () => {
  const link = drawn("see https://example.org").querySelector("a")!
  expect(link.getAttribute("href")).toBe("https://example.org")
  expect(link.rel).toBe("noopener noreferrer nofollow")
})
