import { describe, expect, test } from "vitest"
import { hasStrayed, nearsEnd, nearsStart, screenful, spanAround, theEnd } from "../src/model/span"

/** Every second event of the room is a message. */
const messages = Array.from({ length: 1000 }, (_, at) => ({ seq: 2 * at + 1 }))

describe("what is drawn", () => {
  const screen = screenful(840)

  test("fills a screen of the shortest rows", () => {
    expect([screen, screenful(841)]).toEqual([30, 31])
  })

  test("is the last screen with one and a half before it, and moves on with the newest message", () => {
    expect(spanAround(messages, theEnd, screen)).toEqual({ from: 925, to: 1000 })
    expect(spanAround([...messages, { seq: 5000 }], theEnd, screen)).toEqual({ from: 926, to: 1001 })
  })

  test("is the screen from where one is, whether that is a message or not, with some before and after it", () => {
    expect(spanAround(messages, 1001, screen)).toEqual({ from: 455, to: 560 })
    expect(spanAround(messages, 1000, screen)).toEqual({ from: 455, to: 560 })
  })

  test("leaves out the first one held while it isn't known what comes before it", () => {
    expect(spanAround(messages, 1, screen, 1)).toEqual({ from: 1, to: 60 })
    expect(spanAround([], theEnd, screen, 1)).toEqual({ from: 0, to: 0 })
  })

  test("ends where what is held ends", () => {
    expect(spanAround(messages, 1, screen)).toEqual({ from: 0, to: 60 })
    expect(spanAround(messages, 1999, screen)).toEqual({ from: 925, to: 1000 })
    expect(spanAround(messages.slice(0, 5), theEnd, screen)).toEqual({ from: 0, to: 5 })
    expect(spanAround([], theEnd, screen)).toEqual({ from: 0, to: 0 })
  })

  test("follows an eye that goes far, and not every glance", () => {
    expect(hasStrayed(messages, 1001, 1001 - 2 * 8)).toBe(false)
    expect(hasStrayed(messages, 1001, 1001 - 2 * 9)).toBe(true)
    expect(hasStrayed(messages, theEnd, 1999)).toBe(false)
  })
})

test("more is asked for before one comes to an edge, and not from the middle", () => {
  expect([nearsStart(messages, 1), nearsStart(messages, 1001)]).toEqual([true, false])
  expect([nearsEnd(messages, 1999), nearsEnd(messages, 1001)]).toEqual([true, false])
})
