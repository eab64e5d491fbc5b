import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import type { Message } from "../model/contract"

const breath = 3000
const longest = 200

/** Reads out what others say, and nothing that one scrolls past; of what comes in one breath, how much, and the last. */
export function Announcement({ room }: { room: Room }) {
  const line = useSignal("")
  const waiting = useRef<Message[]>([])
  const speaking = useRef<ReturnType<typeof setTimeout> | null>(null)
  const heard = room.heard.value
  const speak = () => {
    line.value = spoken(waiting.current)
    speaking.current = waiting.current.length > 0 ? setTimeout(speak, breath) : null
    waiting.current = []
  }
  useEffect(() => {
    if (!heard) return
    waiting.current.push(heard)
    if (!speaking.current) speak()
  }, [heard])
  useEffect(
    () => () => {
      if (speaking.current) clearTimeout(speaking.current)
      room.heard.value = null
    },
    [],
  )
  return (
    <p class="sr-only" aria-live="polite">
      {line.value}
    </p>
  )
}

function spoken(messages: readonly Message[]): string {
  const last = messages.at(-1)
  if (!last) return ""
  const said = `${last.user.name}: ${last.text.length > longest ? `${last.text.slice(0, longest)}…` : last.text}`
  return messages.length === 1 ? said : `${words().log.newCount(messages.length)}. ${said}`
}
