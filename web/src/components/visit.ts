import type { Chat } from "../chat/chat"
import type { Room } from "../chat/room"
import type { Message } from "../model/contract"

/**
 * The message that somebody wants to see, once its room holds what was said around it. What isn't there any more is
 * told, and its neighbour is shown; null when the way there is blocked.
 */
export async function sought(chat: Chat, room: Room): Promise<Message | null> {
  const { seq } = chat.target.peek()!
  chat.target.value = null
  const held = () => room.history.peek().messages
  const isThere = () => held().find((message) => message.seq === seq)
  if (!isThere() && !(await chat.attempt(() => room.paging.goTo(seq)))) return null
  const found = isThere()
  if (!found) chat.notice.value = ({ link }) => link.nothing
  else if (found.deleted) chat.notice.value = ({ link }) => link.deleted
  return found ?? held().find((message) => message.seq > seq) ?? held().at(-1) ?? null
}

export function glow(row: Element) {
  row.classList.add("flash")
  row.addEventListener("animationend", () => row.classList.remove("flash"), { once: true })
}
