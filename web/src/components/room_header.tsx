import type { Signal } from "@preact/signals"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import { useChat } from "./chat_context"
import { Icon, IconButton } from "./icon"
import { showsPeople, showsRooms } from "./screen"

export type Panel = "rooms" | "people" | "search" | null

export function RoomHeader({ room, panel }: { room: Room; panel: Signal<Panel> }) {
  const chat = useChat()
  const topic = room.topic.value || chat.directory.value.find(({ name }) => name === room.name)?.topic
  const online = room.members.value.length
  return (
    <header class="flex h-14 flex-none items-center gap-1 border-b border-line px-2 sm:px-4">
      {!showsRooms.value && <IconButton icon="menu" label={words().rooms.title} onClick={() => (panel.value = "rooms")} />}
      <div class="flex min-w-0 flex-1 items-baseline gap-3 px-1">
        <h1 class="truncate text-title font-bold tracking-tight">{room.name}</h1>
        {topic && (
          <p class="hidden min-w-0 flex-1 truncate text-quiet sm:block" title={topic}>
            {topic}
          </p>
        )}
      </div>
      <IconButton icon="search" label={words().search.title} onClick={() => (panel.value = "search")} />
      {!showsPeople.value && (
        <button
          type="button"
          class="flex h-9 items-center gap-1.5 rounded-xl px-2.5 font-semibold text-quiet tabular-nums hover:bg-press hover:text-ink pointer-coarse:h-11"
          aria-label={words().people.count(online)}
          title={words().people.title}
          onClick={() => (panel.value = "people")}
        >
          <Icon name="people" />
          {online}
        </button>
      )}
    </header>
  )
}
