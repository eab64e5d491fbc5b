import { expect, test } from "vitest"
import { absent } from "../src/model/absent"

const left = (id: string, name: string, minute: number) => ({ id, name, avatar: null, lastSeenAt: new Date(2026, 0, 1, 12, minute) })

test("whoever went last comes first", () => {
  expect(absent([left("1", "Ada", 5), left("2", "Bo", 9)], []).map(({ name }) => name)).toEqual(["Bo", "Ada"])
})

test("nobody who is present is absent, and nobody by their name", () => {
  const known = [left("1", "Ada", 5), left("2", "bo", 9), left("3", "Chidi", 7)]
  const present = [{ id: "1", name: "Ada_Lovelace" }, { id: "9", name: "Bo" }]
  expect(absent(known, present).map(({ name }) => name)).toEqual(["Chidi"])
})

test("a guest who came several times is there once, as they were last", () => {
  expect(absent([left("1", "Ada", 5), left("2", "ada", 9)], [])).toEqual([left("2", "ada", 9)])
})
