import { useSignal } from "@preact/signals"
import { words } from "../language/language"
import { copy } from "./clipboard"
import { Icon } from "./icon"

/** A link to read, and to take along. */
export function CopyLink({ address }: { address: string }) {
  const copied = useSignal(false)
  const hand = async (field: HTMLInputElement) => {
    await copy(address)
    field.select()
    copied.value = true
    setTimeout(() => (copied.value = false), 2500)
  }
  return (
    <form
      class="mt-3 flex gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        void hand(event.currentTarget.querySelector("input")!)
      }}
    >
      <input class="field min-w-0" readOnly value={address} aria-label={words().hints.link} onFocus={(e) => e.currentTarget.select()} />
      <button type="submit" class="primary flex flex-none items-center gap-2">
        <Icon name={copied.value ? "done" : "copy"} size={16} />
        <span aria-live="polite">{copied.value ? words().hints.copied : words().hints.copy}</span>
      </button>
    </form>
  )
}
