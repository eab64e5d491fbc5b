import { describe, expect, test } from "vitest"
import { arrived, caughtUp, entered, lineGone, missed } from "../src/model/unread"
import { ada, bo, said } from "./people"

const allRead = { seen: 40, line: null, unread: 0 }

describe("the line \"new\"", () => {
  test("isn't there on a first visit", () => {
    expect(entered(null, 40, [said(40, bo, "old")], ada.id)).toEqual(allRead)
  })

  test("stands after the last event seen when one comes back", () => {
    const messages = [said(35, bo, "seen"), said(37, bo, "new"), said(38, ada, "mine"), said(40, bo, "newer")]
    expect(entered(35, 40, messages, ada.id)).toEqual({ seen: 35, line: 35, unread: 2 })
  })

  test("survives a memory that is ahead of the room", () => {
    expect(entered(99, 40, [said(40, bo, "old")], ada.id)).toEqual(allRead)
  })

  test("appears when something arrives while nobody looks, and stays where it is for the next", () => {
    const first = arrived(allRead, 41, false)
    expect(first).toEqual({ seen: 40, line: 40, unread: 1 })
    expect(arrived(first, 42, false)).toEqual({ seen: 40, line: 40, unread: 2 })
  })

  test("doesn't appear for what arrives before one's eyes", () => {
    expect(arrived(allRead, 41, true)).toEqual({ seen: 41, line: null, unread: 0 })
  })

  test("doesn't count what was seen before, in another tab perhaps", () => {
    expect(arrived(allRead, 40, false)).toBe(allRead)
  })

  test("stands where one left when too much came to be told", () => {
    expect(missed(allRead, 812)).toEqual({ seen: 40, line: 40, unread: 812 })
    expect(missed({ seen: 40, line: 30, unread: 5 }, 812)).toEqual({ seen: 40, line: 30, unread: 812 })
  })

  test("stays while one catches up, and goes when one answers", () => {
    const read = caughtUp({ seen: 40, line: 40, unread: 3 }, 45)
    expect(read).toEqual({ seen: 45, line: 40, unread: 0 })
    expect(lineGone(read)).toEqual({ seen: 45, line: null, unread: 0 })
  })
})
