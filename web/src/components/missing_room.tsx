import { addressOf } from "../chat/address"
import type { Room } from "../chat/room"
import { useChat } from "./chat_context"

export function MissingRoom({ room }: { room: Room }) {
  const chat = useChat()
  const refused = room.phase.value === "refused"
  return (
    <div class="m-auto max-w-sm p-6 text-center">
      <p class="text-lg font-semibold">{refused ? `${room.name} isn't open to you.` : `There is no room called ${room.name}.`}</p>
      <p class="mt-1 text-quiet">{refused ? "Ask somebody inside for a way in." : "Perhaps the link is old, or it has yet to be made."}</p>
      <div class="mt-4 flex justify-center gap-2">
        {!refused && chat.me.value && (
          <button type="button" class="primary" onClick={() => chat.attempt(() => chat.create(room.name, ""))}>
            Create it
          </button>
        )}
        <a class="plain text-accent" href={addressOf("lobby")}>
          Go to the lobby
        </a>
      </div>
    </div>
  )
}
