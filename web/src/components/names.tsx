import { useSignal } from "@preact/signals"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import type { User } from "../model/contract"
import type { Member } from "../model/members"
import { finished, type Unfinished, unfinishedAt, whoIsMeant } from "../model/mention"
import { Avatar } from "./avatar"

export type NameChoice = ReturnType<typeof useNames>

/** Finishes the name that somebody writes after an @, from those who are there. */
export function useNames(room: Room, me: User | null, write: (text: string, caret: number) => void) {
  const unfinished = useSignal<Unfinished | null>(null)
  const at = useSignal(0)
  const others = room.members.value.filter(({ id }) => id !== me?.id)
  const people = unfinished.value ? whoIsMeant(others, unfinished.value.beginning) : []
  const isOpen = people.length > 0
  const close = () => (unfinished.value = null)

  const pick = (person: Member) => {
    const { text, caret } = finished(room.draft.peek(), unfinished.peek()!, person.name)
    close()
    write(text, caret)
  }
  return {
    people,
    at: at.value,
    pick,
    close,
    look(field: HTMLTextAreaElement) {
      unfinished.value = field.selectionStart === field.selectionEnd ? unfinishedAt(field.value, field.selectionEnd) : null
      at.value = 0
    },
    /** Whether the key was meant for the choice. */
    took(event: KeyboardEvent): boolean {
      if (!isOpen || event.shiftKey) return false
      switch (event.key) {
        case "ArrowDown":
          at.value = (at.value + 1) % people.length
          break
        case "ArrowUp":
          at.value = (at.value + people.length - 1) % people.length
          break
        case "Enter":
        case "Tab":
          pick(people[at.value]!)
          break
        case "Escape":
          close()
          break
        default:
          return false
      }
      event.preventDefault()
      return true
    },
    attributes: {
      "aria-autocomplete": "list",
      "aria-controls": "names",
      ...(isOpen ? { "aria-activedescendant": `names-${at.value}` } : {}),
    } as const,
  }
}

export function Names({ names }: { names: NameChoice }) {
  const { people, at, pick } = names
  return (
    <ul
      id="names"
      class="absolute bottom-full left-2 z-20 mb-2 w-64 rounded-xl border border-line bg-raised p-1 shadow-float empty:hidden"
      role="listbox"
      aria-label={words().composer.mention}
    >
      {people.map((person, index) => (
        <li
          key={person.id}
          id={`names-${index}`}
          class={`flex cursor-pointer items-center gap-2.5 rounded-lg px-2 py-1.5 ${index === at ? "bg-press" : "hover:bg-hover"}`}
          role="option"
          aria-selected={index === at}
          onPointerDown={(event) => {
            event.preventDefault()
            pick(person)
          }}
        >
          <Avatar user={person} size="small" />
          <span class="min-w-0 flex-1 truncate">{person.name}</span>
        </li>
      ))}
    </ul>
  )
}
