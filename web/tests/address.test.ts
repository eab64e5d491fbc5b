// @vitest-environment happy-dom
import { expect, test } from "vitest"
import { addressOf, linkTo, placeInAddress, showInAddress, withinPage } from "../src/chat/address"

test.each([
  ["/", "", "lobby", null],
  ["/", "#/garden", "garden", null],
  ["/r/garden", "", "garden", null],
  ["/r/garden", "#/kitchen", "kitchen", null],
  ["/", "#/garden/12", "garden", 12],
  ["/r/garden", "#/kitchen/7", "kitchen", 7],
  ["/", "#/garden/0", "lobby", null],
  ["/", "#/garden/twelve", "lobby", null],
  ["/", "#/garden/12/", "lobby", null],
  ["/", "#/Not A Room", "lobby", null],
  ["/r/..%2f", "#garden", "lobby", null],
])("%s%s leads to %s, %s", (pathname, hash, room, seq) => {
  expect(placeInAddress({ pathname, hash })).toEqual({ room, seq })
})

test("the address of a place leads there", () => {
  for (const place of [{ room: "garden", seq: null }, { room: "lobby", seq: 12 }])
    expect(placeInAddress({ pathname: "/", hash: addressOf(place.room, place.seq) })).toEqual(place)
})

test("only a link into this page leads within it", () => {
  expect(withinPage(linkTo("garden", 12))).toBe("#/garden/12")
  expect(withinPage("https://example.org/#/garden/12")).toBeNull()
  expect(withinPage(`${location.origin}/api/health`)).toBeNull()
})

test("a new place can be left by the way back, and the same place is not a new one", () => {
  const length = history.length
  showInAddress({ room: "lobby", seq: null }, true)
  showInAddress({ room: "garden", seq: 3 }, true)
  showInAddress({ room: "garden", seq: 3 }, true)
  expect(history.length).toBe(length + 1)
  showInAddress({ room: "garden", seq: null }, false)
  expect(history.length).toBe(length + 1)
  expect(location.hash).toBe("#/garden")
})
