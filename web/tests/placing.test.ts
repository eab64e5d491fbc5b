import { expect, test } from "vitest"
import { beside } from "../src/model/placing"

const screen = { top: 100, bottom: 600 }

test("a box goes above the row where it fits, and over its edge by no more than it may", () => {
  expect(beside({ top: 300, bottom: 340 }, screen, 40)).toBe(260)
  expect(beside({ top: 300, bottom: 340 }, screen, 40, 8)).toBe(268)
})

test("a box goes below a row at the top, and hides nothing of it", () => {
  expect(beside({ top: 120, bottom: 160 }, screen, 40)).toBe(160)
})

test("a row that fills the screen is covered at its top", () => {
  expect(beside({ top: 50, bottom: 700 }, screen, 40)).toBe(100)
  expect(beside({ top: 130, bottom: 700 }, screen, 40)).toBe(130)
})

test("a box never reaches below the end", () => {
  expect(beside({ top: 110, bottom: 580 }, screen, 200)).toBeLessThanOrEqual(400)
})
