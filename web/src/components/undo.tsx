import { useLayoutEffect, useRef } from "preact/hooks"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import { useChat } from "./chat_context"
import { dropFormerText, formerTexts } from "./editing"

/** Brings back what was deleted a moment ago, while that can be done. */
export function UndoDelete({ room, id }: { room: Room; id: string }) {
  if (room.removing.going.value.get(id)?.sent !== false) return null
  return <Undo takesFocus onClick={() => room.removing.undo(id)} />
}

/** Brings back what a message said before it was edited a moment ago. */
export function UndoEdit({ room, id }: { room: Room; id: string }) {
  const chat = useChat()
  const text = formerTexts.value.get(id)
  if (text === undefined) return null
  const undo = () => {
    dropFormerText(id)
    void chat.attempt(() => room.ask("edit_message", { id, text }))
  }
  return <Undo onClick={undo} />
}

function Undo({ onClick, takesFocus }: { onClick: () => void; takesFocus?: boolean }) {
  const button = useRef<HTMLButtonElement>(null)
  useLayoutEffect(() => {
    const it = button.current!
    // The button that was pressed is gone, and with it the focus. Elsewhere, somebody is busy already.
    if (takesFocus && document.activeElement?.contains(it)) it.focus()
    return () => document.activeElement === it && it.closest("article")?.focus()
  }, [])
  return (
    <button
      ref={button}
      type="button"
      class="link reach ml-2 text-small not-italic"
      onClick={onClick}
    >
      {words().actions.undo}
    </button>
  )
}
