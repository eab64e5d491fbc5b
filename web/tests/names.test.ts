import { describe, expect, test } from "vitest"
import { asRoomName, hue, initials, nameTrouble, roomTrouble } from "../src/model/names"

describe("names", () => {
  test.each(["Ada", "bo_larsen", "x", "a-1", "a".repeat(50)])("%s can be taken", (name) => {
    expect(nameTrouble(name)).toBeNull()
  })

  test.each(["", "two words", "Zoë", "a".repeat(51)])("%j can't", (name) => {
    expect(nameTrouble(name)).not.toBeNull()
  })

  test("of rooms begin with a small letter or a digit", () => {
    expect(roomTrouble("book-club_2")).toBeNull()
    expect(roomTrouble("-x")).not.toBeNull()
    expect(asRoomName("  Book Club ")).toBe("book-club")
  })

  test.each([
    ["Ada", "A"],
    ["bo_larsen", "BL"],
    ["AdaLovelace", "AL"],
    ["NASA", "N"],
    ["user-42", "U4"],
    ["___", "_"],
    ["大海", "大"],
  ])("%s is drawn as %s", (name, letters) => {
    expect(initials(name)).toBe(letters)
  })

  test("keep their colour", () => {
    expect(hue("Ada")).toBe(hue("ada"))
    expect(hue("ada")).not.toBe(hue("bo"))
  })
})
