import { expect, test } from "vitest"
import { roomInAddress } from "../src/chat/address"

test.each([
  ["/", "", "lobby"],
  ["/", "#/garden", "garden"],
  ["/r/garden", "", "garden"],
  ["/r/garden", "#/kitchen", "kitchen"],
  ["/", "#/Not A Room", "lobby"],
  ["/r/..%2f", "#garden", "lobby"],
])("%s%s leads to %s", (pathname, hash, room) => {
  expect(roomInAddress({ pathname, hash })).toBe(room)
})
