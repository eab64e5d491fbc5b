import type { ComponentChildren } from "preact"
import { useEffect } from "preact/hooks"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import type { Absent } from "../model/absent"
import type { User } from "../model/contract"
import type { Member } from "../model/members"
import { Avatar } from "./avatar"
import { showCard } from "./card"
import { useChat } from "./chat_context"
import { Ago } from "./clock"

const mostShown = 200

export function PeoplePane({ room }: { room: Room }) {
  const chat = useChat()
  const members = room.members.value
  const here = members.filter(({ away }) => !away)
  const away = members.filter(({ away }) => away)
  const isOpen = room.phase.value === "open"
  useEffect(() => {
    if (isOpen) void room.absence.load().catch(() => undefined)
  }, [room, isOpen])
  return (
    <div class="flex h-full flex-col">
      <h2 class="pane-title">{words().people.title}</h2>
      <div class="min-h-0 flex-1 overflow-y-auto px-3 pb-4">
        {isOpen && members.length === 0 && <p class="px-2 pb-5 text-quiet">{words().people.nobody}</p>}
        <Group title={words().people.online} people={here} as={(member) => <Present key={member.id} member={member} />} />
        <Group title={words().people.away} people={away} as={(member) => <Present key={member.id} member={member} />} />
        <Group title={words().people.offline} people={room.absence.people.value} as={(person) => <Gone key={person.id} person={person} />} />
        {room.absence.hasMore.value && (
          <button type="button" class="plain text-quiet" onClick={() => chat.attempt(() => room.absence.loadMore())}>
            {words().people.showMore}
          </button>
        )}
      </div>
    </div>
  )
}

interface GroupProps<Person> {
  title: string
  people: readonly Person[]
  as: (person: Person) => ComponentChildren
}

function Group<Person>({ title, people, as }: GroupProps<Person>) {
  if (people.length === 0) return null
  return (
    <section class="mb-5" aria-label={title}>
      <h3 class="mb-1 px-2 text-small font-semibold text-quiet">
        {title} <span class="tabular-nums">{people.length}</span>
      </h3>
      <ul>{people.slice(0, mostShown).map(as)}</ul>
      {people.length > mostShown && <p class="px-2 pt-1 text-quiet">{words().people.more(people.length - mostShown)}</p>}
    </section>
  )
}

function Present({ member }: { member: Member }) {
  const chat = useChat()
  const { name, away } = member
  return (
    <Person user={member} faded={away}>
      <span class={`min-w-0 flex-1 truncate ${away ? "text-quiet" : ""}`}>
        {name}
        {member.id === chat.me.value?.id && <span class="text-quiet">{words().people.you}</span>}
      </span>
      <span class={`dot ${away ? "dot-away" : "dot-here"}`} />
      <span class="sr-only">{away ? words().people.isAway : words().people.isOnline}</span>
    </Person>
  )
}

function Gone({ person }: { person: Absent }) {
  return (
    <Person user={person} faded>
      <span class="min-w-0 flex-1 truncate text-quiet">{person.name}</span>
      <span class="flex-none text-small text-quiet">
        <Ago at={person.lastSeenAt} />
      </span>
    </Person>
  )
}

function Person({ user, faded, children }: { user: User; faded: boolean; children: ComponentChildren }) {
  return (
    <li>
      <button
        type="button"
        class="flex w-full items-center gap-2.5 rounded-xl px-2 py-1 text-left hover:bg-press pointer-coarse:py-2"
        title={user.name}
        onClick={showCard(user)}
      >
        <span class={faded ? "opacity-60" : ""}>
          <Avatar user={user} size="small" />
        </span>
        {children}
      </button>
    </li>
  )
}
