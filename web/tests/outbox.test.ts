import { describe, expect, test } from "vitest"
import type { History } from "../src/model/history"
import * as outbox from "../src/model/outbox"
import { ada, bo, said } from "./people"

const two = outbox.written(outbox.written([], "a", "first", "t"), "b", "second", "t")
const states = (posts: outbox.Outbox) => posts.map((post) => `${post.client_id} ${post.state}`)
const room = (...messages: History["messages"]): History => ({ seq: messages.at(-1)?.seq ?? 0, messages, more: false })
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
    expect(refused[0]).toMatchObject({ state: "failed", why: "Too long." })
    expect(outbox.next(refused)?.client_id).toBe("b")
  })

  test("without an answer are tried four times, further apart each time, then fail", () => {
    let posts = two
    const waits: (number | undefined)[] = []
    for (let tries = 0; tries < 4; tries++) {
      posts = outbox.refused(outbox.sending(posts, "a"), "a", { reason: "timeout" }, 0)
      waits.push(posts[0]!.notBefore)
    }
    expect(waits.slice(0, 3)).toEqual([1000, 2000, 4000])
    expect(posts[0]!.state).toBe("failed")
  })

  test("that failed can be tried again or discarded", () => {
    const failed = outbox.refused(outbox.sending(two, "a"), "a", { reason: "invalid" }, 0)
    expect(states(outbox.retried(failed, "a"))).toEqual(["a waiting", "b waiting"])
    expect(states(outbox.discarded(failed, "a"))).toEqual(["b waiting"])
  })
})

describe("a post leaves the outbox", () => {
  const sent = outbox.sending(two, "a")

  test("when the room shows it before the reply came", () => {
    const shown = room(said(5, ada, "first", 5, { client_id: "a" }))
    expect(states(outbox.settled(sent, shown, ada.id))).toEqual(["b waiting"])
  })

  test("when the room shows it after the reply came, and not before", () => {
    const stored = outbox.stored(sent, "a", reply)
    expect(states(outbox.settled(stored, room(said(4, bo, "hi")), ada.id))).toEqual(["a stored", "b waiting"])
    expect(states(outbox.settled(stored, room(said(5, ada, "first")), ada.id))).toEqual(["b waiting"])
  })

  test("but not because somebody else chose the same client_id", () => {
    expect(outbox.settled(sent, room(said(5, bo, "mine", 5, { client_id: "a" })), ada.id)).toBe(sent)
  })
})
