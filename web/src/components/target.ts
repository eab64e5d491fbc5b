import { signal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import type { Room } from "../chat/room"
import { rowKey } from "../model/rows"
import { useChat } from "./chat_context"

/** A message that somebody wants to see, wherever in its room it is. */
export const target = signal<{ room: string; id: string; seq: number } | null>(null)

/** Goes to the target: at once when its room holds it, else when what was said around it has come. */
export function useTarget(room: Room, toMessage: (seq: number, key: string, reached: (row: Element) => void) => void) {
  const chat = useChat()
  const asked = useRef<string | null>(null)
  const wanted = target.value
  const { messages } = room.history.value
  const loaded = room.history.value.seq !== null
  useEffect(() => {
    if (!wanted || wanted.room !== room.name || !loaded) return
    const found = messages.find((message) => message.id === wanted.id)
    if (found) {
      asked.current = target.value = null
      toMessage(found.seq, rowKey(found, chat.me.value), glow)
    } else if (asked.current !== wanted.id) {
      asked.current = wanted.id
      void chat.attempt(() => room.paging.goTo(wanted.seq))
    }
  }, [wanted, room, messages, loaded])
}

function glow(row: Element) {
  row.classList.add("flash")
  row.addEventListener("animationend", () => row.classList.remove("flash"), { once: true })
}
