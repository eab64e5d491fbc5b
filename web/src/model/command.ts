import type { Line } from "../language/english"
import { asRoomName, nameTrouble, roomTrouble } from "./names"

/** What somebody asks of the page, not of the room, by a line that begins with a slash. */
export type Command =
  | { kind: "say"; text: string }
  | { kind: "nick"; name: string }
  | { kind: "join"; room: string }
  | { kind: "leave" }
  | { kind: "help" }
  | { kind: "tell"; line: Line }

const shape = /^\/([a-z]+)(?:\s+([^]*))?$/

/** Any other text is something to say. A command that can't be followed tells why. */
export function commandIn(text: string): Command {
  if (text.startsWith("//")) return { kind: "say", text: text.slice(1) }
  const [, word, rest = ""] = shape.exec(text) ?? []
  if (word === undefined) return { kind: "say", text }
  const trouble = troubleWith(word, rest.trim())
  return trouble === null ? understood(word, rest.trim()) : { kind: "tell", line: trouble }
}

function understood(word: string, rest: string): Command {
  switch (word) {
    case "me":
      return { kind: "say", text: `_${rest}_` }
    case "nick":
      return { kind: "nick", name: rest }
    case "join":
      return { kind: "join", room: asRoomName(rest) }
    case "leave":
      return { kind: "leave" }
    default:
      return { kind: "help" }
  }
}

function troubleWith(word: string, rest: string): Line | null {
  switch (word) {
    case "me":
      return rest === "" ? ({ command }) => command.meAlone : null
    case "nick":
      return nameTrouble(rest)
    case "join":
      return roomTrouble(asRoomName(rest))
    case "leave":
    case "help":
      return null
    default:
      return ({ command }) => command.unknown(word)
  }
}
