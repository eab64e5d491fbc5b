import { describe, expect, test } from "vitest"
import { english } from "../src/language/english"
import { commandIn } from "../src/model/command"
import { withEmoji } from "../src/model/emoji"
import { highlighted } from "../src/model/highlight"

function told(text: string): string {
  const command = commandIn(text)
  return command.kind === "tell" ? command.line(english("en")) : ""
}

describe("a line that begins with a slash", () => {
  test.each([
    ["/me waves", { kind: "say", text: "_waves_" }],
    ["/nick Grace", { kind: "nick", name: "Grace" }],
    ["/join Book Club", { kind: "join", room: "book-club" }],
    ["/leave", { kind: "leave" }],
    ["/help", { kind: "help" }],
    ["//shrug", { kind: "say", text: "/shrug" }],
    ["/etc/hosts is wrong", { kind: "say", text: "/etc/hosts is wrong" }],
    ["/ is the root", { kind: "say", text: "/ is the root" }],
    ["either/or", { kind: "say", text: "either/or" }],
  ])("%j is understood", (text, command) => {
    expect(commandIn(text)).toEqual(command)
  })

  test.each(["/nick", "/nick two words", "/join", "/me", "/dance"])("%j is answered, and not said", (text) => {
    expect(told(text)).not.toBe("")
  })

  test("that isn't known is named, with those that are", () => {
    expect(told("/dance")).toContain("/dance")
    expect(told("/dance")).toContain(english("en").command.help)
  })
})

describe("a shortcode", () => {
  test("becomes its emoji where it stands", () => {
    expect(withEmoji("well :tada: done", 11)).toEqual({ text: "well 🎉 done", caret: 7 })
    expect(withEmoji(":+1:", 4)?.text).toBe("👍")
    expect(withEmoji(":thumbs_up:", 11)?.text).toBe("👍")
  })

  test.each([["at 10:30:", 9], [":nonsense:", 10], [":tada:", 5], ["tada:", 5]])("isn't in %j at %d", (text, caret) => {
    expect(withEmoji(text, caret)).toBeNull()
  })
})

describe("what was searched for", () => {
  const marked = (text: string, searched: string) =>
    highlighted(text, searched).map(({ text, hit }) => (hit ? `[${text}]` : text)).join("")

  test.each([
    ["The gate squeaks. Gates do.", "gate", "The [gate] squeaks. [Gate]s do."],
    ["A flowerpot", "pot", "A flowerpot"],
    ["Über uns", "über", "[Über] uns"],
    ["a (b) c", "(b", "a ([b]) c"],
    ["nothing", "***", "nothing"],
  ])("in %j, by %j", (text, searched, result) => {
    expect(marked(text, searched)).toBe(result)
  })
})
