// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { grace, Removing, roomsWithRemovals } from "../src/chat/removing"
import { Refused } from "../src/connection/ask"
import { nothingYet } from "../src/model/history"
import { ada, bo, said } from "./people"

beforeEach(() => {
  vi.useFakeTimers()
  localStorage.clear()
})
afterEach(() => void vi.useRealTimers())

/** A server that deletes at once, unless it has a reason not to. */
function server() {
  const erased: string[] = []
  const refused: string[] = []
  const eraser = {
    me: ada.id as string | null,
    open: true,
    reasons: [] as string[],
    author: () => eraser.me,
    isOpen: () => eraser.open,
    refused: (reason: string) => void refused.push(reason),
    erase: async (id: string) => {
      const reason = eraser.reasons.shift()
      if (reason !== undefined) throw new Refused({ reason, retry_after_ms: 700 })
      erased.push(id)
    },
  }
  return { eraser, erased, refused }
}

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)
const looksDeleted = (removing: Removing) => [...removing.going.value.keys()]

describe("a message that somebody deletes", () => {
  test("looks deleted at once, and is some seconds later", async () => {
    const { eraser, erased } = server()
    const removing = new Removing("lobby", eraser)
    removing.remove("m1")
    expect(looksDeleted(removing)).toEqual(["m1"])
    await pass(grace - 1)
    expect(erased).toEqual([])
    await pass(1)
    expect(erased).toEqual(["m1"])
    removing.settle({ ...nothingYet, messages: [{ ...said(1, ada, "", 1), id: "m1", deleted: true }] })
    expect(looksDeleted(removing)).toEqual([])
    expect(roomsWithRemovals()).toEqual([])
  })

  test("is brought back, and nobody ever hears of it", async () => {
    const { eraser, erased } = server()
    const removing = new Removing("lobby", eraser)
    removing.remove("m1")
    removing.remove("m2")
    removing.undo("m1")
    expect(looksDeleted(removing)).toEqual(["m2"])
    await pass(grace)
    expect(erased).toEqual(["m2"])
  })

  test("can't be brought back once it was sent", async () => {
    const { eraser } = server()
    const removing = new Removing("lobby", eraser)
    removing.remove("m1")
    await pass(grace)
    removing.undo("m1")
    expect(looksDeleted(removing)).toEqual(["m1"])
  })

  test("goes at once when the page goes away", async () => {
    const { eraser, erased } = server()
    const removing = new Removing("lobby", eraser)
    removing.remove("m1")
    removing.hurry()
    await pass(0)
    expect(erased).toEqual(["m1"])
  })

  test("waits for the connection, and can be brought back until then", async () => {
    const { eraser, erased } = server()
    eraser.open = false
    const removing = new Removing("lobby", eraser)
    removing.remove("m1")
    removing.remove("m2")
    await pass(10 * grace)
    removing.undo("m2")
    eraser.open = true
    removing.pump()
    await pass(0)
    expect(erased).toEqual(["m1"])
  })

  test("goes again when the connection was lost before the answer", async () => {
    const { eraser, erased } = server()
    const removing = new Removing("lobby", eraser)
    removing.remove("m1")
    await pass(grace)
    removing.lost()
    removing.pump()
    await pass(0)
    expect(erased).toEqual(["m1", "m1"])
  })

  test("goes again after a while when the server was too busy", async () => {
    const { eraser, erased, refused } = server()
    eraser.reasons = ["rate_limited", "unavailable"]
    const removing = new Removing("lobby", eraser)
    removing.remove("m1")
    await pass(grace + 2 * 700)
    expect(erased).toEqual(["m1"])
    expect(refused).toEqual([])
  })

  test("is there again when the server refuses for good, and one is told why", async () => {
    const { eraser, erased, refused } = server()
    eraser.reasons = ["forbidden"]
    const removing = new Removing("lobby", eraser)
    removing.remove("m1")
    await pass(grace)
    expect([erased, refused, looksDeleted(removing), roomsWithRemovals()]).toEqual([[], ["forbidden"], [], []])
  })
})

describe("a page that is loaded again", () => {
  test("keeps the word of the one before it", async () => {
    const { eraser, erased } = server()
    eraser.open = false
    new Removing("lobby", eraser).remove("m1")
    expect(roomsWithRemovals()).toEqual(["lobby"])
    await pass(grace)
    eraser.open = true
    new Removing("lobby", eraser).speakAs(ada.id)
    await pass(0)
    expect(erased).toEqual(["m1"])
  })

  test("does nothing in somebody else's name, nor in another room", async () => {
    const { eraser, erased } = server()
    eraser.open = false
    new Removing("lobby", eraser).remove("m1")
    eraser.open = true
    new Removing("garden", eraser).speakAs(ada.id)
    eraser.me = bo.id
    new Removing("lobby", eraser).speakAs(bo.id)
    await pass(2 * grace)
    expect(erased).toEqual([])
  })
})
