import { useSignal } from "@preact/signals"
import { Refused } from "../connection/ask"
import { asRoomName, roomTrouble } from "../model/names"
import { useChat } from "./chat_context"

export function NewRoom({ onDone }: { onDone: () => void }) {
  const chat = useChat()
  const name = useSignal("")
  const topic = useSignal("")
  const trouble = useSignal<string | null>(null)

  const create = async (event: Event) => {
    event.preventDefault()
    const room = asRoomName(name.value)
    trouble.value = roomTrouble(room)
    if (trouble.value) return
    try {
      await chat.create(room, topic.value.trim())
      onDone()
    } catch (error) {
      trouble.value = error instanceof Refused ? error.message : "That didn't work. Try again."
    }
  }
  return (
    <form class="mb-3 space-y-2 rounded-card border border-line bg-canvas p-3" aria-label="New room" onSubmit={create}>
      <input
        class="field"
        aria-label="Room name"
        placeholder="Name, like garden"
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
        aria-label="Topic (optional)"
        placeholder="What it's about (optional)"
        maxLength={250}
        value={topic.value}
        onInput={(event) => (topic.value = event.currentTarget.value)}
      />
      <p id="room-trouble" class="text-[0.8125rem] text-danger empty:hidden" role="alert">
        {trouble.value}
      </p>
      <button type="submit" class="primary w-full">
        Create room
      </button>
    </form>
  )
}

function focusOnce(field: HTMLInputElement | null) {
  field?.focus()
}
