import { describe, expect, test } from "vitest"
import type { History } from "../src/model/history"
import * as outbox from "../src/model/outbox"
import { ada, bo, said } from "./people"

const post = (client_id: string, text: string, author = ada.id) => ({ client_id, author, text, at: "t" })
const two = outbox.written(outbox.written([], post("a", "first")), post("b", "second"))
const states = (posts: outbox.Outbox) => posts.map((post) => `${post.client_id} ${post.state}`)
const room = (...messages: History["messages"]): History => ({ seq: messages.at(-1)?.seq ?? 0, messages, more: false, newest: 0 })
const reply = { id: "m5", seq: 5, inserted_at: "t" }

describe("posts", () => {
  test("go out one at a time, in the order in which they were written", () => {
    expect(outbox.next(two)?.client_id).toBe("a")
    const first = outbox.sending(two, "a")
    expect(outbox.next(first)).toBeUndefined()
    expect(outbox.next(outbox.stored(first, "a", reply))?.client_id).toBe("b")
  })

  test("that were on their way when the connection went wait to go again, with the same client_id", () => {
    const sending = outbox.sending(two, "a")
    expect(states(sending)).toEqual(["a sending", "b waiting"])
    const lost = outbox.lost(sending)
    expect(states(lost)).toEqual(["a waiting", "b waiting"])
    expect(outbox.next(lost)?.client_id).toBe("a")
  })

  test("refused for being too quick go out later by themselves", () => {
    const refused = outbox.refused(outbox.sending(two, "a"), "a", { reason: "rate_limited", retry_after_ms: 700 }, 1000)
    expect(refused[0]).toMatchObject({ state: "waiting", notBefore: 1700 })
    expect(outbox.next(refused)?.client_id).toBe("a")
  })

  test("refused for good stay for their author, and don't hold up the next", () => {
    const refused = outbox.refused(outbox.sending(two, "a"), "a", { reason: "too_long", message: "Too long." }, 0)
    expect(refused[0]).toMatchObject({ state: "failed", why: "too_long" })
    expect(outbox.next(refused)?.client_id).toBe("b")
  })

  test.each(["timeout", "unavailable"])("that meet %s are tried eight times, further apart each time, then fail", (reason) => {
    let posts = two
    const waits: (number | undefined)[] = []
    for (let tries = 0; tries < 8; tries++) {
      expect(outbox.next(posts)?.client_id).toBe("a")
      posts = outbox.refused(outbox.sending(posts, "a"), "a", { reason }, 0)
      waits.push(posts[0]!.notBefore)
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, undefined])
    expect(posts[0]!.state).toBe("failed")
  })

  test("are patient for ever with a server that asks for patience", () => {
    let posts = two
    for (let tries = 0; tries < 50; tries++)
      posts = outbox.refused(outbox.sending(posts, "a"), "a", { reason: "rate_limited", retry_after_ms: 5 }, 0)
    expect(posts[0]).toMatchObject({ state: "waiting", tries: 0 })
  })

  test("that lose their connection eight times in a row are left to their author", () => {
    let posts = two
    for (let tries = 0; tries < 7; tries++) posts = outbox.lost(outbox.sending(posts, "a"))
    expect(states(posts)).toEqual(["a waiting", "b waiting"])
    expect(states(outbox.lost(outbox.sending(posts, "a")))).toEqual(["a failed", "b waiting"])
  })

  test("that failed can be tried again or discarded", () => {
    const failed = outbox.refused(outbox.sending(two, "a"), "a", { reason: "invalid" }, 0)
    expect(states(outbox.retried(failed, "a", ada.id))).toEqual(["a waiting", "b waiting"])
    expect(states(outbox.discarded(failed, "a"))).toEqual(["b waiting"])
  })

  test("are taken up to a hundred", () => {
    let posts: outbox.Outbox = []
    for (let number = 0; number < 99; number++) posts = outbox.written(posts, post(`c${number}`, "more"))
    expect(outbox.isFull(posts)).toBe(false)
    expect(outbox.isFull(outbox.written(posts, post("z", "last")))).toBe(true)
  })

  test("of an earlier visit come before the later ones, and the fresher of two is kept", () => {
    const now = outbox.sending(outbox.written([], post("b", "second")), "b")
    expect(states(outbox.joinedBy(now, two))).toEqual(["a waiting", "b sending"])
  })
})

describe("under another name", () => {
  test("nothing goes out that was written under the former one, until its author says so", () => {
    const tried = outbox.lost(outbox.sending(two, "a"))
    const now = outbox.ownedBy(tried, bo.id)
    expect(states(now)).toEqual(["a failed", "b failed"])
    expect(now[0]!.why).toBe("anotherNameUnsure")
    expect(now[1]!.why).toBe("anotherName")
    expect(outbox.retried(now, "a", bo.id)[0]).toMatchObject({ state: "waiting", author: bo.id })
  })

  test("what is stored is left to be shown", () => {
    const stored = outbox.stored(outbox.sending(two, "a"), "a", reply)
    expect(states(outbox.ownedBy(stored, bo.id))).toEqual(["a stored", "b failed"])
  })

  test("one's own posts stay as they are", () => {
    expect(outbox.ownedBy(two, ada.id)).toBe(two)
  })
})

describe("a post leaves the outbox", () => {
  const sent = outbox.sending(two, "a")

  test("when the room shows it before the reply came", () => {
    const shown = room(said(5, ada, "first", 5, { client_id: "a" }))
    expect(states(outbox.settled(sent, shown))).toEqual(["b waiting"])
  })

  test("when the room shows it after the reply came, and not before", () => {
    const stored = outbox.stored(sent, "a", reply)
    expect(states(outbox.settled(stored, room(said(4, bo, "hi"))))).toEqual(["a stored", "b waiting"])
    expect(states(outbox.settled(stored, room(said(5, ada, "first"))))).toEqual(["b waiting"])
  })

  test("but not because somebody else chose the same client_id", () => {
    expect(outbox.settled(sent, room(said(5, bo, "mine", 5, { client_id: "a" })))).toBe(sent)
  })
})
