import type { Signal } from "@preact/signals"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import { useChat } from "./chat_context"
import { Icon, IconButton } from "./icon"
import { showsPeople, showsRooms } from "./screen"

export type Panel = "rooms" | "people" | "search" | "room" | null

export function RoomHeader({ room, panel }: { room: Room; panel: Signal<Panel> }) {
  const chat = useChat()
  const topic = chat.topicOf(room)
  const online = room.members.value.length
  return (
    <header class="flex h-14 flex-none items-center gap-1 border-b border-line px-2 sm:px-4">
      {!showsRooms.value && <IconButton icon="menu" label={words().rooms.title} onClick={() => (panel.value = "rooms")} />}
      <div class="min-w-0 flex-1 items-center gap-2 sm:flex">
        <h1 class="flex min-w-0 flex-none sm:max-w-1/2">
          {room.isThere.value ? (
            <button
              type="button"
              class="reach flex min-w-0 items-center gap-1 rounded-xl px-2 text-title font-bold tracking-tight hover:bg-press sm:py-1"
              title={words().rooms.about}
              onClick={() => (panel.value = "room")}
            >
              <span class="truncate">{room.name}</span>
              <span class="text-quiet">
                <Icon name="more" size={16} />
              </span>
            </button>
          ) : (
            <span class="truncate px-2 text-title font-bold tracking-tight">{room.name}</span>
          )}
        </h1>
        {topic && (
          <p class="min-w-0 flex-1 truncate px-2 text-quiet max-sm:text-small max-sm:leading-4 sm:px-0" title={topic}>
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
