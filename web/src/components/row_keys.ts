import type { Room } from "../chat/room"
import type { Message } from "../model/contract"
import { editing } from "./editing"
import { answer } from "./message_actions"

/** What a key does with the message that has the focus. */
export function actOnMessage(event: KeyboardEvent, room: Room, message: Message, mayChange: boolean): void {
  if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey || message.deleted) return
  if (event.key === "r") answer(room, message)
  else if (event.key === "e" && mayChange) editing.value = message.id
  else if (event.key === "Delete" && mayChange) room.removing.remove(message.id)
  else return
  event.preventDefault()
}
