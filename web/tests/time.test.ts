import { describe, expect, test } from "vitest"
import { english } from "../src/language/english"
import { german } from "../src/language/german"
import { clockTime, dayName, relativeTime } from "../src/model/time"

const words = english("en-GB")
const now = new Date(2026, 4, 13, 12, 0, 0)
const ago = (milliseconds: number) => new Date(now.getTime() - milliseconds)
const [second, minute, hour] = [1000, 60_000, 3_600_000]

describe("a relative time", () => {
  test.each([
    [-5 * second, "just now"],
    [0, "just now"],
    [59 * second, "just now"],
    [60 * second, "1 min ago"],
    [59 * minute, "59 min ago"],
    [60 * minute, "11:00"],
    [11 * hour, "01:00"],
    [13 * hour, "yesterday 23:00"],
    [36 * hour, "yesterday 00:00"],
    [37 * hour, "Mon 23:00"],
    [7 * 24 * hour, "6 May, 12:00"],
  ])("of %d ms ago reads %s", (age, read) => {
    expect(relativeTime(ago(age), now, words)).toBe(read)
  })

  test("names the year when it is another one", () => {
    expect(relativeTime(new Date(2024, 11, 24, 18, 30), now, words)).toBe("24 Dec 2024, 18:30")
  })
})

describe("a day", () => {
  test.each([
    [new Date(2026, 4, 13, 0, 0), "Today"],
    [new Date(2026, 4, 12, 23, 59), "Yesterday"],
    [new Date(2026, 4, 9, 8, 0), "Saturday"],
    [new Date(2026, 4, 6, 8, 0), "6 May"],
    [new Date(2025, 4, 13, 8, 0), "13 May 2025"],
  ])("%s is called %s", (at, name) => {
    expect(dayName(at, now, words)).toBe(name)
  })
})

describe("in another language", () => {
  const words = german("de-AT")

  test("a time reads as its people write it", () => {
    expect(relativeTime(ago(5 * minute), now, words)).toBe("vor 5 Min.")
    expect(relativeTime(ago(13 * hour), now, words)).toBe("gestern 23:00")
    expect(relativeTime(new Date(2024, 0, 24, 18, 30), now, words)).toBe("24. Jän. 2024, 18:30")
    expect(dayName(new Date(2026, 4, 9), now, words)).toBe("Samstag")
  })

  test("the narrow clock stays as wide as it is", () => {
    expect(clockTime(new Date(2026, 4, 9, 0, 5))).toBe("00:05")
  })
})
