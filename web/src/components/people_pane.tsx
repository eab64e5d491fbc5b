import type { Room } from "../chat/room"
import { words } from "../language/language"
import type { Member } from "../model/members"
import { Avatar } from "./avatar"
import { useChat } from "./chat_context"

const mostShown = 200

export function PeoplePane({ room }: { room: Room }) {
  const members = room.members.value
  const here = members.filter(({ away }) => !away)
  const away = members.filter(({ away }) => away)
  return (
    <div class="flex h-full flex-col">
      <h2 class="flex h-14 flex-none items-center px-5 text-[1.0625rem] font-bold tracking-tight">{words().people.title}</h2>
      <div class="min-h-0 flex-1 overflow-y-auto px-4 pb-4">
        {members.length === 0 && <p class="text-quiet">{words().people.nobody}</p>}
        <Group title={words().people.online} members={here} />
        <Group title={words().people.away} members={away} />
      </div>
    </div>
  )
}

function Group({ title, members }: { title: string; members: readonly Member[] }) {
  if (members.length === 0) return null
  return (
    <section class="mb-5" aria-label={title}>
      <h3 class="mb-1.5 px-1 text-[0.8125rem] font-semibold text-quiet">
        {title} <span class="tabular-nums">{members.length}</span>
      </h3>
      <ul>
        {members.slice(0, mostShown).map((member) => (
          <Person key={member.id} member={member} />
        ))}
      </ul>
      {members.length > mostShown && <p class="px-1 pt-1 text-quiet">{words().people.more(members.length - mostShown)}</p>}
    </section>
  )
}

function Person({ member }: { member: Member }) {
  const chat = useChat()
  const { name, away } = member
  return (
    <li class="flex items-center gap-2.5 rounded-lg px-1 py-1">
      <span class={`relative ${away ? "opacity-60" : ""}`}>
        <Avatar user={member} small />
      </span>
      <span class={`min-w-0 flex-1 truncate ${away ? "text-quiet" : ""}`} title={name}>
        {name}
        {member.id === chat.me.value?.id && <span class="text-quiet">{words().people.you}</span>}
      </span>
      <span class={`size-2 flex-none rounded-full ${away ? "border-2 border-away" : "bg-here"}`} />
      <span class="sr-only">{away ? words().people.isAway : words().people.isOnline}</span>
    </li>
  )
}
