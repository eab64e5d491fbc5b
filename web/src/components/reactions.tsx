import type { Chat } from "../chat/chat"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import type { Message, Reaction } from "../model/contract"
import { useChat } from "./chat_context"

export function giveReaction(chat: Chat, room: Room, { id }: Message, emoji: string, on: boolean) {
  return chat.attempt(() => room.ask("react", { id, emoji, on }))
}

export function Reactions({ room, message }: { room: Room; message: Message }) {
  const reactions = message.reactions ?? []
  if (reactions.length === 0 || message.deleted) return null
  return (
    <ul class="my-1 flex flex-wrap gap-1.5" aria-label={words().actions.reactions}>
      {reactions.map((reaction) => (
        <li key={reaction.emoji}>
          <Chip room={room} message={message} reaction={reaction} />
        </li>
      ))}
    </ul>
  )
}

function Chip({ room, message, reaction }: { room: Room; message: Message; reaction: Reaction }) {
  const chat = useChat()
  const { emoji, users } = reaction
  const me = chat.me.value
  const mine = me !== null && users.includes(me.id)
  const who = users.map((id) => nameOf(room, id)).join(", ")
  return (
    <button
      type="button"
      class={`flex h-7 items-center pointer-coarse:h-9 gap-1.5 rounded-full border px-2 text-small font-semibold tabular-nums ${
        mine ? "border-accent bg-tint text-accent-strong" : "border-line bg-raised text-quiet hover:border-edge"
      } disabled:cursor-default`}
      aria-pressed={mine}
      aria-label={`${emoji}, ${users.length}: ${who}`}
      title={who}
      disabled={!me}
      onClick={() => giveReaction(chat, room, message, emoji, !mine)}
    >
      <span class="text-base leading-none">{emoji}</span>
      {users.length}
    </button>
  )
}

function nameOf(room: Room, id: string): string {
  const present = room.members.peek().find((member) => member.id === id)
  if (present) return present.name
  return room.history.peek().messages.find(({ user }) => user.id === id)?.user.name ?? words().people.somebody
}
