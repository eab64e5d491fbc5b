import { describe, expect, test } from "vitest"
import { clientId } from "../src/chat/client_id"
import { closedBy, pause } from "../src/model/reconnect"

const many = (code: number, failures: number) => Array.from({ length: 1000 }, () => pause(code, failures))

describe("the pause before connecting again", () => {
  test("after a restart spreads the pages over seconds, not over an instant", () => {
    const pauses = many(closedBy.restart, 0).sort((a, b) => a - b)
    const mostInOneTenth = Math.max(...pauses.map((at) => pauses.filter((other) => other >= at && other < at + 100).length))
    expect(pauses[0]).toBeGreaterThanOrEqual(300)
    expect(pauses.at(-1)).toBeLessThanOrEqual(5000)
    expect(mostInOneTenth).toBeLessThan(60)
  })

  test("is short the first time a connection just breaks", () => {
    expect(Math.max(...many(closedBy.nobody, 0))).toBeLessThanOrEqual(1000)
  })

  test("leaves an overloaded or crashing server time", () => {
    expect(Math.min(...many(closedBy.overload, 0))).toBeGreaterThanOrEqual(2000)
    expect(Math.min(...many(closedBy.crash, 0))).toBeGreaterThanOrEqual(1000)
  })

  test("grows with each failure, and is bounded", () => {
    const averages = [0, 1, 2, 3, 30].map((failures) => pause(closedBy.nobody, failures, 0.5))
    expect(averages).toEqual([...averages].sort((a, b) => a - b))
    expect(pause(closedBy.nobody, 1e6, 1)).toBeLessThanOrEqual(20_000)
  })
})

test("posts sort in the order in which they were written, even while the clock goes back", () => {
  const ids = [5000, 5000, 4000, 6000, 1].map((now) => clientId(Date.UTC(2026, 1, 1) + now))
  expect([...ids].sort()).toEqual(ids)
  expect(ids.every((id) => id.length <= 64)).toBe(true)
})
