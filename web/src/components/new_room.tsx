import { useSignal } from "@preact/signals"
import { Refused } from "../connection/ask"
import type { Line } from "../language/english"
import { words } from "../language/language"
import { refusal } from "../language/refusal"
import { asRoomName, roomTrouble } from "../model/names"
import { useChat } from "./chat_context"

export function NewRoom({ onDone, onCancel }: { onDone: () => void; onCancel: () => void }) {
  const chat = useChat()
  const name = useSignal("")
  const topic = useSignal("")
  const trouble = useSignal<Line | null>(null)

  const create = async (event: Event) => {
    event.preventDefault()
    const room = asRoomName(name.value)
    trouble.value = roomTrouble(room)
    if (trouble.value) return
    try {
      await chat.create(room, topic.value.trim())
      onDone()
    } catch (error) {
      trouble.value = error instanceof Refused ? refusal(error.refusal.reason) : ({ didNotWork }) => didNotWork
    }
  }
  return (
    <form
      class="mb-3 space-y-2 rounded-card border border-line bg-canvas p-3"
      aria-label={words().newRoom.title}
      onSubmit={create}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.isComposing) return
        event.preventDefault()
        onCancel()
      }}
    >
      <input
        class="field"
        aria-label={words().newRoom.name}
        placeholder={words().newRoom.namePlaceholder}
        autocapitalize="off"
        maxLength={64}
        value={name.value}
        aria-invalid={trouble.value !== null}
        aria-describedby="room-trouble"
        ref={focusOnce}
        onInput={(event) => (name.value = event.currentTarget.value)}
      />
      <input
        class="field"
        aria-label={words().newRoom.topic}
        placeholder={words().newRoom.topic}
        maxLength={250}
        value={topic.value}
        onInput={(event) => (topic.value = event.currentTarget.value)}
      />
      <p id="room-trouble" class="text-small text-danger empty:hidden" role="alert">
        {trouble.value?.(words())}
      </p>
      <div class="flex flex-wrap gap-1">
        <button type="submit" class="primary flex-auto whitespace-nowrap">
          {words().newRoom.create}
        </button>
        <button type="button" class="plain flex-auto" onClick={onCancel}>
          {words().cancel}
        </button>
      </div>
    </form>
  )
}

function focusOnce(field: HTMLInputElement | null) {
  field?.focus()
}
