import { describe, expect, test } from "vitest"
import { finished, isMentioned, mentions, unfinishedAt, whoIsMeant } from "../src/model/mention"

describe("a name that is being written", () => {
  test.each([
    ["@", 1, ""],
    ["@Ad", 3, "Ad"],
    ["hello @Ad and more", 9, "Ad"],
    ["(@bo_b", 6, "bo_b"],
  ])("in %j at %d is %j", (text, caret, beginning) => {
    expect(unfinishedAt(text, caret)?.beginning).toBe(beginning)
  })

  test.each([
    ["ada@example", 11],
    ["@Ada ", 5],
    ["@@a", 3],
    ["hello", 5],
    ["@Ada", 0],
  ])("isn't there in %j at %d", (text, caret) => {
    expect(unfinishedAt(text, caret)).toBeNull()
  })

  test("is finished in its place, with one space after it", () => {
    expect(finished("hi @ad", unfinishedAt("hi @ad", 6)!, "Ada")).toEqual({ text: "hi @Ada ", caret: 8 })
    expect(finished("hi @ad there", unfinishedAt("hi @ad there", 6)!, "Ada")).toEqual({ text: "hi @Ada there", caret: 8 })
  })
})

test("whoever's name begins so is meant first, then whoever has a part that does", () => {
  const people = ["Grace", "mary_ann", "Anna", "Bo", "annika"].map((name) => ({ name }))
  expect(whoIsMeant(people, "an").map(({ name }) => name)).toEqual(["Anna", "annika", "mary_ann"])
  expect(whoIsMeant(people, "", 2)).toHaveLength(2)
})

test("mentions are found, addresses are not", () => {
  expect(mentions("@Ada, ask bo@example.org or @bo-b.")).toEqual([
    { text: "@Ada", name: "Ada" },
    { text: ", ask bo@example.org or " },
    { text: "@bo-b", name: "bo-b" },
    { text: "." },
  ])
})

test("what may be a room is found, and not what only has a # in it", () => {
  expect(mentions("see #garden, or issue#12, C# and #Nothing")).toEqual([
    { text: "see " },
    { text: "#garden", room: "garden" },
    { text: ", or issue#12, C# and #Nothing" },
  ])
})

describe("somebody is mentioned", () => {
  test.each([
    ["Good morning, @Ada!", true],
    ["@ada_", false],
    ["@ADA: look", true],
    ["> @Ada: quoted\n\nYes", true],
    ["ada@ada.example", false],
    ["Ada", false],
    ["@Adam", false],
  ])("in %j: %s", (text, is) => {
    expect(isMentioned(text, "Ada")).toBe(is)
  })
})
