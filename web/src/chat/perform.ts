import type { Command } from "../model/command"
import type { Chat } from "./chat"
import type { Room } from "./room"

/** Does what somebody wrote. Their words go from the composer once they have done their work. */
export async function perform(chat: Chat, room: Room, command: Command): Promise<void> {
  switch (command.kind) {
    case "say":
      say(chat, room, command.text)
      break
    case "nick":
      if (await chat.attempt(() => chat.identify(command.name))) room.draft.value = ""
      break
    case "join":
      room.draft.value = ""
      chat.enter(command.room)
      break
    case "leave":
      room.draft.value = ""
      chat.leave()
      break
    case "help":
      room.draft.value = ""
      chat.notice.value = ({ command }) => command.help
      break
    case "tell":
      chat.notice.value = command.line
      break
  }
}

/** What was told about an earlier try is over when this one works. */
function say(chat: Chat, room: Room, text: string): void {
  const isTaken = room.post(text)
  if (isTaken) room.draft.value = ""
  chat.notice.value = isTaken ? null : ({ composer }) => composer.tooMuchWaits
}
