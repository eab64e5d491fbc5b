import { useSignal } from "@preact/signals"
import { Refused } from "../connection/ask"
import { recall } from "../connection/keepsake"
import { nameTrouble } from "../model/names"
import { useChat } from "./chat_context"

/** In the composer's place for a visitor: a name is all it takes to talk, and none to read. */
export function NamePicker() {
  const chat = useChat()
  const name = useSignal(chat.nameHint.value ? "" : (recall("name") ?? ""))
  const trouble = useSignal<string | null>(null)
  const busy = useSignal(false)

  const join = async (event: Event) => {
    event.preventDefault()
    trouble.value = nameTrouble(name.value)
    if (trouble.value || busy.value) return
    busy.value = true
    try {
      await chat.identify(name.value)
    } catch (error) {
      trouble.value = error instanceof Refused ? explain(error, name.value) : "That didn't work. Try again."
    }
    busy.value = false
  }
  return (
    <form class="rounded-card border border-line bg-rail p-3 sm:p-4" onSubmit={join} aria-label="Pick a name">
      <label class="mb-2 block" for="name">
        <span class="font-semibold">Pick a name to join in.</span>{" "}
        <span class="text-quiet">{chat.nameHint.value ?? "Or just read along."}</span>
      </label>
      <div class="flex gap-2">
        <input
          id="name"
          class="field min-w-0"
          autocomplete="nickname"
          autocapitalize="off"
          spellcheck={false}
          maxLength={50}
          placeholder="Your name"
          value={name.value}
          aria-invalid={trouble.value !== null}
          aria-describedby="name-trouble"
          onInput={(event) => {
            name.value = event.currentTarget.value.trim()
            trouble.value = name.value ? nameTrouble(name.value) : null
          }}
        />
        <button type="submit" class="primary flex-none" disabled={busy.value}>
          Join
        </button>
      </div>
      <p id="name-trouble" class="text-[0.8125rem] text-danger not-empty:mt-2" role="alert">
        {trouble.value}
      </p>
    </form>
  )
}

function explain({ refusal, message }: Refused, name: string): string {
  switch (refusal.reason) {
    case "name_taken":
      return `${name} is taken. Try another one.`
    case "timeout":
      return "No answer. It works again once the connection is back."
    default:
      return message
  }
}
