import { signal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import type { Room } from "../chat/room"
import { useChat } from "./chat_context"

/** A message that somebody wants to see, wherever in its room it is. */
export const target = signal<{ room: string; id: string } | null>(null)

const mostPages = 20

/** Goes to the target once its room holds it, fetching older messages until it does. */
export function useTarget(room: Room, toRow: (key: string) => boolean) {
  const chat = useChat()
  const wanted = target.value
  const { messages, more } = room.history.value
  useEffect(() => {
    if (wanted?.room !== room.name || room.history.value.seq === null) return
    const found = messages.find((message) => message.id === wanted.id)
    if (found) {
      const mine = found.user.id === chat.me.value?.id
      const key = (mine && found.client_id) || found.id
      if (!toRow(key)) return
      target.value = null
      glow(document.querySelector(`[data-key="${CSS.escape(key)}"]`))
    } else if (!more || messages.length > mostPages * 500) target.value = null
    else void chat.attempt(() => room.loadOlder(500))
  }, [wanted, room, messages, more])
}

function glow(row: Element | null) {
  row?.classList.add("flash")
  row?.addEventListener("animationend", () => row.classList.remove("flash"), { once: true })
}
