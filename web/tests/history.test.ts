import { describe, expect, test } from "vitest"
import type { Joined, RoomEvent } from "../src/model/contract"
import { elsewhere, type History, isCurrent, joined, mostHeld, newer, nothingYet, older, receive, refreshed, trimmed } from "../src/model/history"
import { ada, bo, said } from "./people"

const held: History = { seq: 2, messages: [said(1, ada, "hello"), said(2, bo, "hi Ada")], more: false, newest: 2 }
const reply = (more: Partial<Joined>): Joined => ({ room: "lobby", user: null, last_seq: 0, ...more })
const texts = (history: History) => history.messages.map((message) => message.text)

function after(history: History, ...events: RoomEvent[]): History {
  return events.reduce((held, event) => receive(held, event)[0], history)
}

describe("an event", () => {
  test("is applied when it is the next one", () => {
    const [history, verdict] = receive(held, ["new_message", said(3, ada, "how are you?")])
    expect(verdict).toBe("applied")
    expect(history.seq).toBe(3)
    expect(texts(history)).toEqual(["hello", "hi Ada", "how are you?"])
  })

  test("is applied only once, however often it comes", () => {
    const once = after(held, ["new_message", said(3, ada, "once")])
    const [twice, verdict] = receive(once, ["new_message", said(3, ada, "once")])
    expect(verdict).toBe("stale")
    expect(twice).toBe(once)
  })

  test("that skips a number shows a gap and changes nothing", () => {
    const [history, verdict] = receive(held, ["new_message", said(4, ada, "from the future")])
    expect(verdict).toBe("gap")
    expect(history).toBe(held)
  })

  test("before the join's reply is a gap, since nothing tells what came before it", () => {
    expect(receive(nothingYet, ["new_message", said(1, ada, "early")])[1]).toBe("gap")
  })

  test("that this page doesn't know still counts, so that the next one is no gap", () => {
    const unknown = ["poll_opened", { id: "p", seq: 3 }] as unknown as RoomEvent
    expect(after(held, unknown, ["new_message", said(4, bo, "next")]).seq).toBe(4)
  })
})

describe("a message", () => {
  test("shows its newest text and when it was edited", () => {
    const history = after(held, ["message_edited", { id: "m1", seq: 3, text: "hello!", edited_at: "2026-03-02T10:00:00Z" }])
    expect(history.messages[0]).toMatchObject({ text: "hello!", edited_at: "2026-03-02T10:00:00Z" })
    expect(history.messages[1]).toBe(held.messages[1])
  })

  test("once deleted stays as a tombstone without its text and reactions", () => {
    const loved = after(held, ["reaction", { id: "m1", seq: 3, emoji: "❤️", user: bo, on: true }])
    expect(loved.messages[0]!.reactions).toHaveLength(1)
    const history = after(loved, ["message_deleted", { id: "m1", seq: 4 }])
    expect(history.messages[0]).toMatchObject({ id: "m1", deleted: true, text: "" })
    expect(history.messages[0]!.reactions).toBeUndefined()
  })

  test("stays deleted when an edit or a reaction comes after", () => {
    const history = after(
      held,
      ["message_deleted", { id: "m1", seq: 3 }],
      ["message_edited", { id: "m1", seq: 4, text: "back", edited_at: "" }],
      ["reaction", { id: "m1", seq: 5, emoji: "👀", user: bo, on: true }],
    )
    expect(history.messages[0]).toMatchObject({ deleted: true, text: "" })
    expect(history.seq).toBe(5)
  })

  test("that isn't held any more can change without harm", () => {
    const history = after(held, ["message_deleted", { id: "long-gone", seq: 3 }])
    expect(history.seq).toBe(3)
    expect(history.messages).toBe(held.messages)
  })
})

describe("a reaction", () => {
  const react = (seq: number, user: typeof ada, on: boolean): RoomEvent => [
    "reaction",
    { id: "m1", seq, emoji: "👍", user, on },
  ]

  test("gathers its people, each once", () => {
    const history = after(held, react(3, ada, true), react(4, bo, true), react(5, bo, true))
    expect(history.messages[0]!.reactions).toEqual([{ emoji: "👍", users: ["u-ada", "u-bo"] }])
  })

  test("goes when the last one takes it back", () => {
    const given = after(held, react(3, ada, true))
    expect(given.messages[0]!.reactions).toHaveLength(1)
    expect(after(given, react(4, ada, false)).messages[0]!.reactions).toEqual([])
  })
})

describe("joining", () => {
  test("begins with the newest messages", () => {
    const [history] = joined(nothingYet, reply({ last_seq: 7, messages: [said(6, ada, "a"), said(7, bo, "b")] }), 2)
    expect(history.seq).toBe(7)
    expect(history.more).toBe(true)
  })

  test("knows that there is nothing older when the page isn't full", () => {
    expect(joined(nothingYet, reply({ last_seq: 1, messages: [said(1, ada, "a")] }), 2)[0].more).toBe(false)
  })

  test("again brings what was missed, and nothing twice", () => {
    const events: RoomEvent[] = [
      ["new_message", said(2, bo, "hi Ada")],
      ["new_message", said(3, ada, "missed")],
      ["message_edited", { id: "m3", seq: 4, text: "missed you", edited_at: "" }],
    ]
    const [history, verdict] = joined(held, reply({ last_seq: 4, resumed: true, events }), 100)
    expect(verdict).toBe("applied")
    expect(texts(history)).toEqual(["hello", "hi Ada", "missed you"])
    expect(history.seq).toBe(4)
  })

  test("after too long starts over with the newest messages", () => {
    const [history] = joined(held, reply({ last_seq: 900, resumed: false, messages: [said(900, bo, "much later")] }), 1)
    expect(texts(history)).toEqual(["much later"])
    expect(history).toMatchObject({ seq: 900, more: true })
  })

  test("a room that counts less than what is held is another room, and a gap", () => {
    expect(joined(held, reply({ last_seq: 1, resumed: true, events: [] }), 100)).toEqual([held, "gap"])
  })

  test("with a hole in what was missed is a gap", () => {
    const [history, verdict] = joined(
      held,
      reply({ last_seq: 5, resumed: true, events: [["new_message", said(5, ada, "hole before me")]] }),
      100,
    )
    expect(verdict).toBe("gap")
    expect(history).toBe(held)
  })
})

describe("older messages", () => {
  const late: History = { seq: 12, messages: [said(10, ada, "ten"), said(12, bo, "twelve")], more: true, newest: 12 }

  test("come before what is held", () => {
    const history = older(late, { messages: [said(8, ada, "eight"), said(9, bo, "nine")], more: true })
    expect(texts(history)).toEqual(["eight", "nine", "ten", "twelve"])
  })

  test("aren't put twice when a page overlaps", () => {
    const history = older(late, { messages: [said(9, bo, "nine"), said(10, ada, "ten")], more: false })
    expect(texts(history)).toEqual(["nine", "ten", "twelve"])
    expect(history.more).toBe(false)
  })

  test("are let go beyond a limit, and can be fetched again", () => {
    expect(trimmed(late, 1)).toMatchObject({ seq: 12, more: true, messages: [{ text: "twelve" }] })
    expect(trimmed(late, 2)).toBe(late)
  })
})

describe("far back in the room", () => {
  const away: History = { seq: 50, messages: [said(10, ada, "ten"), said(12, bo, "twelve")], more: true, newest: 48 }

  test("what is said now isn't put behind what was said then", () => {
    const [history, verdict] = receive(away, ["new_message", said(51, ada, "now")])
    expect(verdict).toBe("applied")
    expect(texts(history)).toEqual(["ten", "twelve"])
    expect(history).toMatchObject({ seq: 51, newest: 51 })
    expect(isCurrent(history)).toBe(false)
  })

  test("what is held still changes", () => {
    expect(after(away, ["message_edited", { id: "m12", seq: 51, text: "12", edited_at: "" }]).messages[1]!.text).toBe("12")
  })

  test("newer pages lead back to the newest, to which new messages are added again", () => {
    const halfway = newer(away, { messages: [said(12, bo, "twelve"), said(13, bo, "thirteen")], more: true })
    expect(isCurrent(halfway)).toBe(false)
    const back = newer(halfway, { messages: [said(48, ada, "newest")], more: false })
    expect(isCurrent(back)).toBe(true)
    expect(texts(after(back, ["new_message", said(51, bo, "now")]))).toEqual(["ten", "twelve", "thirteen", "newest", "now"])
  })

  test("a page that was made before the newest message came doesn't hide that it did", () => {
    const while_asking = after(away, ["new_message", said(51, ada, "meanwhile")])
    expect(isCurrent(newer(while_asking, { messages: [said(48, ada, "newest")], more: false }))).toBe(false)
  })

  test("a message that a page brought before its event did is there once", () => {
    const ahead = newer(away, { messages: [said(48, ada, "newest"), said(51, bo, "ahead")], more: false })
    const history = after(ahead, ["new_message", said(51, bo, "ahead")])
    expect(texts(history)).toEqual(["ten", "twelve", "newest", "ahead"])
    expect(history.seq).toBe(51)
  })

  test("one goes elsewhere with what was said there, and nothing else", () => {
    const there = elsewhere(held, { messages: [said(30, ada, "before"), said(31, bo, "after")], more: true })
    expect(texts(there)).toEqual(["before", "after"])
    expect(there.more).toBe(true)
    expect(there.newest).toBe(Math.max(31, held.newest))
  })

  test("whoever stays there over too long a loss keeps the place, and asks for it anew", () => {
    const long = reply({ last_seq: 3000, resumed: false, messages: [said(3000, bo, "much later")] })
    const [history] = joined(away, long, 1, true)
    expect(history.messages).toBe(away.messages)
    expect(history).toMatchObject({ seq: 3000, newest: 3000 })
    const [edited, deleted] = [said(10, ada, "10"), said(12, bo, "", 12, { deleted: true })]
    const fresh = refreshed(history, { messages: [edited, deleted], more: true })
    expect(fresh.messages).toEqual([edited, deleted])
    expect(isCurrent(fresh)).toBe(false)
  })

  test("the newest go when older ones come, beyond what is held", () => {
    const page = { messages: Array.from({ length: mostHeld }, (_, at) => said(at + 1, ada, `${at + 1}`)), more: false }
    const history = older({ ...away, messages: [said(5000, bo, "far")], newest: 5000 }, page)
    expect(history.messages).toHaveLength(mostHeld)
    expect(history.messages[0]!.seq).toBe(1)
    expect(isCurrent(history)).toBe(false)
  })

  test("the oldest go when newer ones come, beyond what is held", () => {
    const page = { messages: Array.from({ length: mostHeld }, (_, at) => said(at + 100, ada, `${at}`)), more: false }
    const history = newer(away, page)
    expect(history.messages).toHaveLength(mostHeld)
    expect(history.more).toBe(true)
    expect(isCurrent(history)).toBe(true)
  })
})
