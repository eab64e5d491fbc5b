import { asRoomName, nameTrouble, roomTrouble } from "./names"

/** What somebody asks of the page, not of the room, by a line that begins with a slash. */
export type Command =
  | { kind: "say"; text: string }
  | { kind: "nick"; name: string }
  | { kind: "join"; room: string }
  | { kind: "leave" }
  | { kind: "tell"; line: string }

const shape = /^\/([a-z]+)(?:\s+([^]*))?$/

export const help = "/me waves, /nick name, /join room, /leave, /help. To say a line that begins with a slash, write two."

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
      return { kind: "tell", line: help }
  }
}

function troubleWith(word: string, rest: string): string | null {
  switch (word) {
    case "me":
      return rest === "" ? "What do you do? /me waves" : null
    case "nick":
      return nameTrouble(rest)
    case "join":
      return roomTrouble(asRoomName(rest))
    case "leave":
    case "help":
      return null
    default:
      return `There is no /${word}. ${help}`
  }
}
