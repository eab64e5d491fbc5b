import type { Signal } from "@preact/signals"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import { typingLine } from "../model/typing"
import { useChat } from "./chat_context"
import { Composer } from "./composer"
import { ConnectionLine } from "./connection_line"
import { IconButton } from "./icon"
import { MessageLog } from "./message_log"
import { MissingRoom } from "./missing_room"
import { NamePicker } from "./name_picker"
import { Offers } from "./offers"
import { type Panel, RoomHeader } from "./room_header"

export function RoomView({ room, panel }: { room: Room; panel: Signal<Panel> }) {
  const chat = useChat()
  return (
    <main class="relative flex min-w-0 flex-1 flex-col">
      <RoomHeader room={room} panel={panel} />
      <ConnectionLine />
      {!room.isThere.value ? (
        <MissingRoom room={room} />
      ) : (
        <>
          <MessageLog key={room.name} room={room} />
          <div class="mx-auto w-full max-w-3xl flex-none px-2 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:px-5">
            <TypingLine room={room} />
            <Offers />
            <Notice />
            {chat.me.value ? <Composer room={room} /> : <NamePicker />}
          </div>
        </>
      )}
    </main>
  )
}

/** Keeps its height when nobody types, so that the log doesn't jump. */
function TypingLine({ room }: { room: Room }) {
  const line = typingLine(room.typists.value, words())
  return (
    <p class="flex h-6 items-center gap-2 px-4 text-[0.8125rem] text-quiet">
      {line && <span class="typing-dots" aria-hidden="true" />}
      <span class="truncate">{line}</span>
    </p>
  )
}

function Notice() {
  const chat = useChat()
  if (!chat.notice.value) return null
  return (
    <div class="mb-2 flex items-center gap-2 rounded-xl border border-line bg-raised py-1 pr-1 pl-4" role="alert">
      <p class="flex-1">{chat.notice.value(words())}</p>
      <IconButton icon="close" label={words().dismiss} onClick={() => (chat.notice.value = null)} />
    </div>
  )
}
