import { useSignal } from "@preact/signals"
import { useLayoutEffect, useRef } from "preact/hooks"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import type { Message } from "../model/contract"
import { useChat } from "./chat_context"
import { editing, offerFormerText } from "./editing"
import { fit } from "./growing"
import { whole } from "../model/whole"

export function EditForm({ room, message }: { room: Room; message: Message }) {
  const chat = useChat()
  const text = useSignal(message.text)
  const field = useRef<HTMLTextAreaElement>(null)
  // At once: a moment later somebody may be typing already, and the caret would jump.
  useLayoutEffect(() => {
    fit(field.current!)
    field.current!.focus()
    field.current!.setSelectionRange(message.text.length, message.text.length)
  }, [])

  const done = () => {
    editing.value = null
    document.querySelector<HTMLElement>("#composer")?.focus()
  }
  const save = async () => {
    const said = whole(text.value.trim())
    if (said === "") return
    if (said === message.text) return done()
    if (!(await chat.attempt(() => room.ask("edit_message", { id: message.id, text: said })))) return
    offerFormerText(message.id, message.text)
    done()
  }
  const keys = (event: KeyboardEvent) => {
    if (event.isComposing) return
    if (event.key === "Escape") done()
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault()
      void save()
    }
  }
  return (
    <form
      class="py-1"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <textarea
        ref={field}
        class="field block resize-none"
        rows={1}
        maxLength={4000}
        aria-label={words().actions.editMessage}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value
          fit(event.currentTarget)
        }}
        onKeyDown={keys}
      />
      <div class="mt-2 flex gap-1">
        <button type="submit" class="primary" disabled={text.value.trim() === ""}>
          {words().save}
        </button>
        <button type="button" class="plain" onClick={done}>
          {words().cancel}
        </button>
      </div>
    </form>
  )
}
