import type { Chat } from "../chat/chat"
import type { Room } from "../chat/room"
import type { Message } from "../model/contract"

export type Target = NonNullable<Chat["target"]["value"]>

/**
 * The message that somebody wants to see, once its room holds what was said around it. What isn't there any more is
 * told, and its neighbour is shown; null when the way there is blocked, or they want to see something else by now.
 */
export async function sought(chat: Chat, room: Room, target: Target): Promise<Message | null> {
  const hasCome = isHeld(room, target) || (await chat.attempt(() => room.paging.goTo(target.seq)))
  if (chat.target.peek() !== target) return null
  chat.target.value = null
  if (!hasCome) return null
  const { messages } = room.history.peek()
  const found = messages.find(({ seq }) => seq === target.seq)
  if (!found) chat.notice.value = ({ link }) => link.nothing
  else if (found.deleted) chat.notice.value = ({ link }) => link.deleted
  return found ?? messages.find(({ seq }) => seq > target.seq) ?? messages.at(-1) ?? null
}

export function isHeld(room: Room, target: Target): boolean {
  return room.history.value.messages.some(({ seq }) => seq === target.seq)
}

/** Somebody who came from elsewhere goes on from here, unless they are at something in it already. */
export function glow(row: HTMLElement) {
  if (!row.contains(document.activeElement)) row.focus({ preventScroll: true })
  row.classList.add("flash")
  row.addEventListener("animationend", () => row.classList.remove("flash"), { once: true })
}
