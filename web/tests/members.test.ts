import { describe, expect, test } from "vitest"
import { inOrder, member } from "../src/model/members"

describe("a member", () => {
  test("is away only when all of their tabs are", () => {
    const tab = (status: "online" | "away") => ({ phx_ref: status, name: "Ada", status })
    expect(member("u", [tab("away"), tab("online")]).away).toBe(false)
    expect(member("u", [tab("away"), tab("away")]).away).toBe(true)
  })

  test("who is online comes before who is away, each by name", () => {
    const people = [
      { id: "1", name: "Chidi", avatar: null, away: false },
      { id: "2", name: "Ada", avatar: null, away: true },
      { id: "3", name: "bo", avatar: null, away: false },
    ]
    expect(inOrder(people).map(({ name }) => name)).toEqual(["bo", "Chidi", "Ada"])
  })
})
