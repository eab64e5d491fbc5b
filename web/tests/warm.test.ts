import { expect, test } from "vitest"
import { worthWarming } from "../src/chat/warm"

const rooms = ["attic", "garden", "kitchen", "lobby"].map((name) => ({ name, last_seq: 10 }))
const read = (marks: Record<string, number>) => (room: string) => marks[room] ?? null

test("rooms that were visited are joined, those with news first", () => {
  expect(worthWarming(rooms, new Map([["lobby", 1]]), read({ lobby: 10, garden: 10, kitchen: 3 }))).toEqual(["kitchen", "garden"])
})

test("a room that one never was in isn't joined, nor is one that is open", () => {
  expect(worthWarming(rooms, new Map([["garden", 1]]), read({ garden: 1 }))).toEqual([])
})

test("only so many are kept warm", () => {
  const many = Array.from({ length: 30 }, (_, at) => ({ name: `room-${at}`, last_seq: 1 }))
  expect(worthWarming(many, new Map([["room-0", 1]]), () => 1)).toHaveLength(9)
  const open = new Map(many.slice(0, 20).map(({ name }) => [name, 1]))
  expect(worthWarming(many, open, () => 1)).toEqual([])
})
