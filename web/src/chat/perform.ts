import type { Command } from "../model/command"
import type { Chat } from "./chat"
import type { Room } from "./room"

/** Does what somebody wrote. Their words go from the composer once they have done their work. */
export async function perform(chat: Chat, room: Room, command: Command): Promise<void> {
  switch (command.kind) {
    case "say":
      if (room.post(command.text)) room.draft.value = ""
      else chat.notice.value = ({ composer }) => composer.tooMuchWaits
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
    case "tell":
      chat.notice.value = command.line
      break
  }
}
