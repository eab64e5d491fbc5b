import { linkTo } from "../chat/address"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import { useChat } from "./chat_context"
import { CopyLink } from "./copy_link"
import { Bubbles } from "./brand"

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
  if (!me || members.some(({ id }) => id !== me.id) || members.length === 0) return null
  return (
    <aside class="patient mx-2 mt-5 mb-2 rounded-card border border-line bg-rail p-4">
      <p class="font-semibold">{words().hints.alone}</p>
      <p class="text-quiet">{words().hints.sendLink}</p>
      <CopyLink address={linkTo(room.name)} />
    </aside>
  )
}
