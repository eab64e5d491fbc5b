import { useSignal } from "@preact/signals"
import { linkTo } from "../chat/address"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import { useChat } from "./chat_context"
import { copy } from "./clipboard"
import { Bubbles } from "./brand"
import { Icon } from "./icon"

/** Nothing was ever said here. */
export function EmptyHint({ room }: { room: Room }) {
  const chat = useChat()
  return (
    <div class="m-auto max-w-sm py-10 text-center">
      <div class="mb-4 flex justify-center">
        <Bubbles size={56} />
      </div>
      <p class="text-lg font-semibold">{words().hints.quiet}</p>
      <p class="mt-1 text-quiet">
        {chat.me.value ? words().hints.sayFirst(room.name) : words().hints.pickAndSayFirst(room.name)}
      </p>
    </div>
  )
}

/** The very beginning of a room, above its first message. */
export function RoomStart({ room }: { room: Room }) {
  return (
    <div class="mb-2 px-2">
      <p class="text-2xl font-bold tracking-tight">{room.name}</p>
      <p class="mt-1 text-quiet">{words().hints.began}</p>
    </div>
  )
}

/** Nobody else is on: hands out a link to bring somebody. */
export function AloneHint({ room }: { room: Room }) {
  const chat = useChat()
  const me = chat.me.value
  const members = room.members.value
  if (!me || room.phase.value !== "open" || members.some(({ id }) => id !== me.id) || members.length === 0) return null
  return (
    <aside class="patient mx-2 mt-5 mb-2 rounded-card border border-line bg-rail p-4">
      <p class="font-semibold">{words().hints.alone}</p>
      <p class="text-quiet">{words().hints.sendLink}</p>
      <CopyLink address={linkTo(room.name)} />
    </aside>
  )
}

function CopyLink({ address }: { address: string }) {
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
