// @vitest-environment happy-dom
import { describe, expect, test } from "vitest"
import { english, type Words } from "../src/language/english"
import { german } from "../src/language/german"
import { wantedBy } from "../src/language/language"
import { refusal } from "../src/language/refusal"

const en = english("en-GB")
const de = german("de")

describe("a catalogue", () => {
  test("without one of the words is none", () => {
    const { close: _, ...rest } = de
    // @ts-expect-error: the word for closing is missing.
    const words: Words = rest
    expect(words.close).toBeUndefined()
  })

  test("tells one from many", () => {
    expect(en.rooms.newMessages(1)).toBe(" 1 new message")
    expect(en.rooms.newMessages(2000)).toBe(" 2,000 new messages")
    expect(de.rooms.newMessages(1)).toBe(" 1 neue Nachricht")
    expect(de.rooms.newMessages(2000)).toBe(" 2.000 neue Nachrichten")
  })

  test("joins names as its people do", () => {
    expect(de.people.typing(["Ada"], 0)).toBe("Ada schreibt…")
    expect(de.people.typing(["Ada", "Bo"], 0)).toBe("Ada und Bo schreiben…")
    expect(de.people.typing(["Ada", "Bo"], 1)).toBe("Ada, Bo und 1 weitere Person schreiben…")
    expect(de.people.typing(["Ada", "Bo"], 3)).toBe("Ada, Bo und 3 weitere schreiben…")
    expect(english("en-US").people.typing(["Ada", "Bo"], 3)).toBe("Ada, Bo, and 3 others are typing…")
  })

  test("is a translation: nearly nothing in it reads the same", () => {
    const [ours, theirs] = [plain(en), plain(de)]
    const same = Object.keys(ours).filter((key) => ours[key] === theirs[key])
    expect(Object.keys(ours).length).toBeGreaterThan(100)
    expect(same).toEqual(["direction", "emoji.cool"])
  })
})

describe("the language", () => {
  test.each([
    [["de-AT", "en"], "de"],
    [["EN-us", "de"], "en"],
    [["fr", "de-CH"], "de"],
    [["fr", "it"], "en"],
    [["constructor"], "en"],
    [[], "en"],
  ])("of a browser that wants %j is %s", (tags, language) => {
    expect(wantedBy(tags)).toBe(language)
  })
})

describe("a refusal", () => {
  test("is told by its reason, in one's own language", () => {
    expect(refusal("name_taken")(en)).toBe("That name is taken.")
    expect(refusal("name_taken")(de)).toBe("Der Name ist vergeben.")
  })

  test("for a reason that is new to the page is a refusal all the same", () => {
    expect(refusal("toString")(en)).toBe(en.refusal.unavailable)
  })
})

/** The words that need no numbers or names, each by its path. */
function plain(words: object, path = ""): Record<string, string> {
  const found = Object.entries(words).map(([key, value]) => {
    if (typeof value === "object") return plain(value, `${path}${key}.`)
    return typeof value === "string" ? { [path + key]: value } : {}
  })
  return Object.assign({}, ...found)
}
