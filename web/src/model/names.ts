import type { Line } from "../language/english"

const name = /^[A-Za-z0-9_-]{1,50}$/
const room = /^[a-z0-9][a-z0-9_-]{0,63}$/

/** Why a member's name can't be taken, or null when it can. */
export function nameTrouble(text: string): Line | null {
  if (text === "") return ({ name }) => name.empty
  if (text.length > 50) return ({ name }) => name.long
  return name.test(text) ? null : ({ name }) => name.letters
}

/** Why a room can't be called that, or null when it can. */
export function roomTrouble(text: string): Line | null {
  if (text === "") return ({ newRoom }) => newRoom.empty
  if (text.length > 64) return ({ newRoom }) => newRoom.long
  return room.test(text) ? null : ({ newRoom }) => newRoom.letters
}

/** The room name somebody most likely means: "Book Club" becomes "book-club". */
export function asRoomName(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/\s+/g, "-")
}

/** One or two letters that stand for a name: "ada_lovelace" and "AdaLovelace" give AL. */
export function initials(text: string): string {
  const words = text.match(/\p{Lu}?[\p{Ll}\d]+|\p{Lu}+(?!\p{Ll})|[^\s_-]+/gu) ?? [text]
  const letters = words.length > 1 ? [words[0]!, words[1]!].map(firstLetter) : [firstLetter(words[0] ?? "?")]
  return letters.join("").toUpperCase()
}

/** A hue that stays with a name, however it is written, in degrees. */
export function hue(name: string): number {
  let hash = 2166136261
  for (const character of name.toLowerCase()) hash = Math.imul(hash ^ character.codePointAt(0)!, 16777619)
  return (hash >>> 0) % 360
}

function firstLetter(word: string): string {
  return [...word][0] ?? "?"
}
