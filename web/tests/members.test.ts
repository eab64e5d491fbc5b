import { describe, expect, test } from "vitest"
import { inOrder, member } from "../src/model/members"

describe("a member", () => {
  test("is away only when all of their tabs are", () => {
    const tab = (status: "online" | "away") => ({ phx_ref: status, name: "Ada", status })
    expect(member("u", [tab("away"), tab("online")]).away).toBe(false)
    expect(member("u", [tab("away"), tab("away")]).away).toBe(true)
  })

  test("is there since the first of their tabs came", () => {
    const tab = (online_at: number) => ({ phx_ref: `${online_at}`, name: "Ada", online_at })
    expect(member("u", [tab(1_700_000_100), tab(1_700_000_000)]).onlineAt).toBe(1_700_000_000_000)
  })

  test("who is online comes before who is away, each by name", () => {
    const people = [
      { id: "1", name: "Chidi", avatar: null, away: false, onlineAt: 0 },
      { id: "2", name: "Ada", avatar: null, away: true, onlineAt: 0 },
      { id: "3", name: "bo", avatar: null, away: false, onlineAt: 0 },
    ]
    expect(inOrder(people).map(({ name }) => name)).toEqual(["bo", "Chidi", "Ada"])
  })
})
