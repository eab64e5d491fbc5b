import { useEffect } from "preact/hooks"
import type { Chat } from "../chat/chat"
import { useChat } from "./chat_context"
import { overlay } from "./overlay"
import { roomNames } from "./rooms_pane"

const writing = "input, textarea, select, [contenteditable]"

/** Keys that work all over the page; the help panel lists them. None of them works under a dialog. */
export function useShortcuts(openSearch: () => void): void {
  const chat = useChat()
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return
      if (acted(event, chat, openSearch)) event.preventDefault()
    }
    document.addEventListener("keydown", pressed)
    return () => document.removeEventListener("keydown", pressed)
  }, [])
}

function acted(event: KeyboardEvent, chat: Chat, openSearch: () => void): boolean {
  const isWriting = (event.target as Element).closest(writing) !== null
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey
  const { key } = event
  if (key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey) openSearch()
  else if (event.altKey && (key === "ArrowUp" || key === "ArrowDown")) step(chat, key === "ArrowUp" ? -1 : 1)
  else if (key === "?" && isPlain && !isWriting) overlay.value = "help"
  else if (key === "Escape" && isPlain && !isWriting) toComposer()
  else {
    // The letter goes where the focus is by then.
    if (isLetter(key) && isPlain && !isWriting) toComposer()
    return false
  }
  return true
}

/** A space presses a button, and pages down. */
function isLetter(key: string): boolean {
  return [...key].length === 1 && key !== " "
}

function toComposer(): void {
  document.querySelector<HTMLElement>("#composer")?.focus()
}

/** To the room above or below in the list, and round its ends. */
function step(chat: Chat, by: number): void {
  const names = roomNames(chat)
  const at = names.indexOf(chat.room.value)
  chat.enter(names[(at + by + names.length) % names.length]!)
}
