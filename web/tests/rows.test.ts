import { describe, expect, test } from "vitest"
import { written } from "../src/model/outbox"
import type { Message, User } from "../src/model/contract"
import type { Outbox } from "../src/model/outbox"
import { firstNew, rows } from "../src/model/rows"
import { ada, bo, said } from "./people"

function drawn(messages: Message[], outbox: Outbox, me: User | null, line: number | null, previous?: Message): string[] {
  return rows(messages, outbox, me, firstNew(messages, me, line), previous).map((row) => {
    if (row.kind === "message") return `${row.leads ? `${row.message.user.name}: ` : "  "}${row.message.text}`
    if (row.kind === "post") return `${row.leads ? `${row.author.name}: ` : "  "}${row.post.text} (on its way)`
    return row.kind
  })
}

const post = (text: string) => ({ client_id: "c1", author: ada.id, text, at: new Date(2026, 2, 2, 9, 2).toISOString() })

describe("the log", () => {
  test("names an author once for what they say in a row", () => {
    const messages = [said(1, ada, "one"), said(2, ada, "two"), said(3, bo, "three"), said(4, ada, "four")]
    expect(drawn(messages, [], null, null)).toEqual(["day", "Ada: one", "  two", "Bo: three", "Ada: four"])
  })

  test("names them again after five minutes of silence", () => {
    const messages = [said(1, ada, "one", 0), said(2, ada, "two", 5), said(3, ada, "three", 11)]
    expect(drawn(messages, [], null, null)).toEqual(["day", "Ada: one", "  two", "Ada: three"])
  })

  test("begins each day with its name, and names the author anew", () => {
    const messages = [said(1, ada, "late", 59 + 14 * 60), said(2, ada, "early", 1 + 15 * 60)]
    expect(drawn(messages, [], null, null)).toEqual(["day", "Ada: late", "day", "Ada: early"])
  })

  test("draws the line before the first new message by somebody else", () => {
    const messages = [said(1, bo, "old"), said(2, ada, "mine"), said(3, bo, "new"), said(4, bo, "newer")]
    expect(drawn(messages, [], ada, 1)).toEqual(["day", "Bo: old", "Ada: mine", "new", "Bo: new", "  newer"])
  })

  test("draws no line when all that is new is one's own", () => {
    expect(drawn([said(1, bo, "old"), said(2, ada, "mine")], [], ada, 1)).toEqual(["day", "Bo: old", "Ada: mine"])
  })

  test("draws the line above the heading of a new day", () => {
    const messages = [said(1, bo, "old", 0), said(2, bo, "new", 24 * 60)]
    expect(drawn(messages, [], ada, 1)).toEqual(["day", "Bo: old", "new", "day", "Bo: new"])
  })

  test("shows what is on its way after everything, as part of what one said before", () => {
    const outbox = written([], post("two"))
    expect(drawn([said(1, ada, "one")], outbox, ada, null)).toEqual(["day", "Ada: one", "  two (on its way)"])
  })

  test("doesn't name an author again where the drawing begins in the middle of what they say", () => {
    expect(drawn([said(2, ada, "two"), said(3, bo, "three")], [], null, null, said(1, ada, "one"))).toEqual(["  two", "Bo: three"])
  })

  test("keeps a post's key when it becomes a message, for its author only", () => {
    const before = rows([], written([], post("hi")), ada, null).at(-1)
    const after = rows([said(1, ada, "hi", 2, { client_id: "c1" })], [], ada, null).at(-1)
    const forBo = rows([said(1, ada, "hi", 2, { client_id: "c1" })], [], bo, null).at(-1)
    expect([before?.key, after?.key, forBo?.key]).toEqual(["c1", "c1", "m1"])
  })
})
