import { describe, expect, test } from "vitest"
import { hasStrayed, nearsEnd, nearsStart, spanAround, theEnd } from "../src/model/span"

/** Every second event of the room is a message. */
const messages = Array.from({ length: 1000 }, (_, at) => ({ seq: 2 * at + 1 }))

describe("what is drawn", () => {
  test("ends at the newest message, and moves on with it", () => {
    expect(spanAround(messages, theEnd)).toEqual({ from: 930, to: 1000 })
    expect(spanAround([...messages, { seq: 5000 }], theEnd)).toEqual({ from: 931, to: 1001 })
  })

  test("reaches as far to both sides of where one is, whether that is a message or not", () => {
    expect(spanAround(messages, 1001)).toEqual({ from: 430, to: 570 })
    expect(spanAround(messages, 1000)).toEqual({ from: 430, to: 570 })
  })

  test("ends where what is held ends", () => {
    expect(spanAround(messages, 1)).toEqual({ from: 0, to: 70 })
    expect(spanAround(messages.slice(0, 5), theEnd)).toEqual({ from: 0, to: 5 })
    expect(spanAround([], theEnd)).toEqual({ from: 0, to: 0 })
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
