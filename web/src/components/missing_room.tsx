import { addressOf } from "../chat/address"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import { useChat } from "./chat_context"

export function MissingRoom({ room }: { room: Room }) {
  const chat = useChat()
  const refused = room.phase.value === "refused"
  return (
    <div class="m-auto max-w-sm p-6 text-center">
      <p class="text-lg font-semibold">{refused ? words().rooms.closed(room.name) : words().rooms.missing(room.name)}</p>
      <p class="mt-1 text-quiet">{refused ? words().rooms.closedHint : words().rooms.missingHint}</p>
      <div class="mt-4 flex justify-center gap-2">
        {!refused && chat.me.value && (
          <button type="button" class="primary" onClick={() => chat.attempt(() => chat.create(room.name, ""))}>
            {words().rooms.createIt}
          </button>
        )}
        <a class="plain text-accent" href={addressOf("lobby")}>
          {words().rooms.toLobby}
        </a>
      </div>
    </div>
  )
}
