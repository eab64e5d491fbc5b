import { useSignal } from "@preact/signals"
import { Refused } from "../connection/ask"
import { recall } from "../connection/keepsake"
import type { Line } from "../language/english"
import { words } from "../language/language"
import { refusal } from "../language/refusal"
import { nameTrouble } from "../model/names"
import { useChat } from "./chat_context"

/** In the composer's place for a visitor: a name is all it takes to talk, and none to read. */
export function NamePicker() {
  const chat = useChat()
  const name = useSignal(chat.nameHint.value ? "" : (recall("name") ?? ""))
  const trouble = useSignal<Line | null>(null)
  const busy = useSignal(false)

  const join = async (event: Event) => {
    event.preventDefault()
    trouble.value = nameTrouble(name.value)
    if (trouble.value || busy.value) return
    busy.value = true
    try {
      await chat.identify(name.value)
    } catch (error) {
      trouble.value = error instanceof Refused ? explain(error, name.value) : ({ didNotWork }) => didNotWork
    }
    busy.value = false
  }
  return (
    <form class="rounded-card border border-line bg-rail p-3 sm:p-4" onSubmit={join} aria-label={words().name.pick}>
      <label class="mb-2 block" for="name">
        <span class="font-semibold">{words().name.pickToJoin}</span>{" "}
        <span class="text-quiet">{chat.nameHint.value?.(words()) ?? words().name.orRead}</span>
      </label>
      <div class="flex gap-2">
        <input
          id="name"
          class="field min-w-0"
          autocomplete="nickname"
          autocapitalize="off"
          spellcheck={false}
          maxLength={50}
          placeholder={words().name.placeholder}
          value={name.value}
          aria-invalid={trouble.value !== null}
          aria-describedby="name-trouble"
          onInput={(event) => {
            name.value = event.currentTarget.value.trim()
            trouble.value = name.value ? nameTrouble(name.value) : null
          }}
        />
        <button type="submit" class="primary flex-none" disabled={busy.value}>
          {words().name.join}
        </button>
      </div>
      <p id="name-trouble" class="text-small text-danger not-empty:mt-2" role="alert">
        {trouble.value?.(words())}
      </p>
    </form>
  )
}

function explain({ refusal: { reason } }: Refused, taken: string): Line {
  switch (reason) {
    case "name_taken":
      return ({ name }) => name.taken(taken)
    case "timeout":
      return ({ name }) => name.noAnswer
    default:
      return refusal(reason)
  }
}
