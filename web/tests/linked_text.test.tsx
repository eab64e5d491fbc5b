// @vitest-environment happy-dom
import { signal } from "@preact/signals"
import { render } from "preact"
import { expect, test } from "vitest"
import type { Chat } from "../src/chat/chat"
import { ChatContext } from "../src/components/chat_context"
import { LinkedText } from "../src/components/linked_text"

const chat = { me: signal(null), directory: signal([{ name: "garden" }]) } as unknown as Chat

function drawn(text: string): HTMLElement {
  const page = document.createElement("p")
  render(
    <ChatContext.Provider value={chat}>
      <LinkedText text={text} />
    </ChatContext.Provider>,
    page,
  )
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

test("a room that there is becomes a link to it, and no other word with a # does", () => {
  const page = drawn("see #garden, not #1")
  expect([...page.querySelectorAll("a")].map((link) => link.getAttribute("href"))).toEqual(["#/garden"])
  expect(page.textContent).toBe("see #garden, not #1")
})

test("a link into this page stays in this page", () => {
  const link = drawn(`see ${location.origin}/#/garden/12`).querySelector("a")!
  expect(link.getAttribute("href")).toBe("#/garden/12")
  expect(link.target).toBe("")
})
