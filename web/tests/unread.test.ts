import { describe, expect, test } from "vitest"
import { arrived, caughtUp, entered, lineGone, unreadCount } from "../src/model/unread"
import { ada, bo, said } from "./people"

describe("the line \"new\"", () => {
  test("isn't there on a first visit", () => {
    expect(entered(null, 40)).toEqual({ seen: 40, line: null })
  })

  test("stands after the last event seen when one comes back", () => {
    expect(entered(35, 40)).toEqual({ seen: 35, line: 35 })
  })

  test("survives a memory that is ahead of the room", () => {
    expect(entered(99, 40)).toEqual({ seen: 40, line: null })
  })

  test("appears when something arrives while nobody looks, and stays where it is for the next", () => {
    const first = arrived({ seen: 40, line: null }, 41, false)
    expect(first).toEqual({ seen: 40, line: 40 })
    expect(arrived(first, 42, false)).toEqual(first)
  })

  test("doesn't appear for what arrives before one's eyes", () => {
    expect(arrived({ seen: 40, line: null }, 41, true)).toEqual({ seen: 41, line: null })
  })

  test("stays while one catches up, and goes when one answers", () => {
    const read = caughtUp({ seen: 40, line: 40 }, 45)
    expect(read).toEqual({ seen: 45, line: 40 })
    expect(lineGone(read)).toEqual({ seen: 45, line: null })
  })
})

test("only messages by others that weren't seen count as unread", () => {
  const messages = [said(1, bo, "seen"), said(2, bo, "new"), said(3, ada, "mine"), said(5, bo, "newer")]
  expect(unreadCount({ seen: 1, line: 1 }, messages, ada.id)).toBe(2)
  expect(unreadCount({ seen: 5, line: 1 }, messages, ada.id)).toBe(0)
})
