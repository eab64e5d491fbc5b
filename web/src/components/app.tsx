import { useSignal, useSignalEffect } from "@preact/signals"
import { words } from "../language/language"
import { Card } from "./card"
import { useChat } from "./chat_context"
import { Drawer } from "./drawer"
import { Overlay } from "./overlay"
import { PeoplePane } from "./people_pane"
import { RoomView } from "./room_view"
import type { Panel } from "./room_header"
import { RoomsPane } from "./rooms_pane"
import { lazily } from "./lazily"
import { showsPeople, showsRooms } from "./screen"
import { useShortcuts } from "./shortcuts"

const RoomCard = lazily(async () => (await import("./room_card")).RoomCard)
const SearchPanel = lazily(async () => (await import("./search_panel")).SearchPanel)

export function App() {
  const chat = useChat()
  const panel = useSignal<Panel>(null)
  const room = chat.current.value
  const close = () => (panel.value = null)
  useShortcuts(() => (panel.value = "search"))
  useSignalEffect(() => {
    document.title = `${chat.unread.value > 0 ? `(${chat.unread.value}) ` : ""}${chat.room.value} · chatter`
  })
  return (
    <div class="flex h-dvh">
      {showsRooms.value && (
        <aside class="w-62 flex-none border-r border-line bg-rail" aria-label={words().rooms.andMe}>
          <RoomsPane onChosen={close} />
        </aside>
      )}
      <RoomView room={room} panel={panel} />
      {showsPeople.value && (
        <aside class="w-58 flex-none border-l border-line bg-rail" aria-label={words().people.here}>
          <PeoplePane room={room} />
        </aside>
      )}
      {panel.value === "rooms" && !showsRooms.value && (
        <Drawer label={words().rooms.title} place="left" onClose={close}>
          <RoomsPane onChosen={close} />
        </Drawer>
      )}
      {panel.value === "people" && !showsPeople.value && (
        <Drawer label={words().people.here} place="right" onClose={close}>
          <PeoplePane room={room} />
        </Drawer>
      )}
      {panel.value === "search" && (
        <Drawer label={words().search.title} place="top" onClose={close}>
          <SearchPanel onChosen={close} />
        </Drawer>
      )}
      {panel.value === "room" && (
        <Drawer label={words().rooms.about} place="top" onClose={close}>
          <RoomCard />
        </Drawer>
      )}
      <Card />
      <Overlay />
    </div>
  )
}
