import { linkTo } from "../chat/address"
import { words } from "../language/language"
import { useChat } from "./chat_context"
import { CopyLink } from "./copy_link"

/** A room: what it is about, how many are in it, and the way in for others. */
export function RoomCard() {
  const chat = useChat()
  const room = chat.current.value
  const { rooms, people } = words()
  return (
    <div class="px-5 pb-5">
      <h2 class="pane-title -mx-5 wrap-anywhere">{room.name}</h2>
      <p class="text-quiet">{chat.topicOf(room) || rooms.noTopic}</p>
      <p class="mt-3 flex items-center gap-2 text-small text-quiet">
        <span class={`dot ${room.members.value.length > 0 ? "dot-here" : "dot-gone"}`} />
        {people.hereNow(room.members.value.length)}
      </p>
      <h3 class="mt-5 font-semibold">{rooms.invite}</h3>
      <p class="text-quiet">{words().hints.sendLink}</p>
      <CopyLink address={linkTo(room.name)} />
    </div>
  )
}
