import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { addressOf } from "../chat/address"
import { words } from "../language/language"
import { useChat } from "./chat_context"
import { Icon, IconButton } from "./icon"
import { Brand } from "./brand"
import { MyCard } from "./my_card"
import { NewRoom } from "./new_room"

export function RoomsPane({ onChosen }: { onChosen: () => void }) {
  const chat = useChat()
  const creating = useSignal(false)
  const nav = useRef<HTMLElement>(null)
  const cancel = () => {
    creating.value = false
    nav.current!.querySelector("button")!.focus()
  }
  useEffect(() => {
    // On a phone the list opens when somebody looks for a room, which may have been made just now.
    if (chat.link.state.peek() === "open") void chat.refreshDirectory()
  }, [])
  return (
    <div class="flex h-full flex-col">
      <div class="pane-title">
        <Brand />
      </div>
      <nav ref={nav} class="min-h-0 flex-1 overflow-y-auto px-3" aria-label={words().rooms.title}>
        <div class="flex min-h-10 items-center justify-between pb-1 pl-2 pointer-coarse:min-h-12">
          <h2 class="text-[0.8125rem] font-semibold text-quiet">{words().rooms.title}</h2>
          {chat.me.value && (
            <IconButton
              icon="add"
              label={words().newRoom.title}
              expanded={creating.value}
              onClick={() => (creating.value = !creating.value)}
            />
          )}
        </div>
        {creating.value && chat.me.value && (
          <NewRoom
            onCancel={cancel}
            onDone={() => {
              creating.value = false
              onChosen()
            }}
          />
        )}
        <ul class="space-y-0.5 pb-4">
          {roomNames(chat).map((name) => (
            <RoomLink key={name} name={name} onChosen={onChosen} />
          ))}
        </ul>
      </nav>
      <MyCard />
    </div>
  )
}

/** In the order in which they are listed. */
export function roomNames(chat: ReturnType<typeof useChat>): string[] {
  const listed = chat.directory.value.map(({ name }) => name)
  const names = new Set(["lobby", ...listed, ...(chat.current.value.isThere.value ? [chat.room.value] : [])])
  return [...names].sort((a, b) => Number(b === "lobby") - Number(a === "lobby") || a.localeCompare(b))
}

function RoomLink({ name, onChosen }: { name: string; onChosen: () => void }) {
  const chat = useChat()
  const current = chat.room.value === name
  const unread = chat.open.value.get(name)?.unread.value ?? 0
  const summary = chat.directory.value.find((room) => room.name === name)
  const hasNews = summary !== undefined && chat.hasNews(summary)
  return (
    <li>
      <a
        href={addressOf(name)}
        class={`flex min-h-9 items-center gap-2 rounded-xl px-2.5 py-1.5 pointer-coarse:min-h-11 ${
          current ? "bg-tint font-semibold text-accent-strong" : unread || hasNews ? "font-semibold hover:bg-press" : "hover:bg-press"
        }`}
        aria-current={current ? "page" : undefined}
        onClick={onChosen}
      >
        <span class={current ? "" : "text-quiet"}>
          <Icon name="room" size={16} />
        </span>
        <span class="min-w-0 flex-1 truncate">{name}</span>
        {hasNews && (
          <span class="size-2 rounded-full bg-accent">
            <span class="sr-only">{words().rooms.somethingNew}</span>
          </span>
        )}
        {unread > 0 && !current && (
          <span class="rounded-full bg-accent px-2 text-xs leading-5 font-semibold text-on-accent tabular-nums">
            <span aria-hidden="true">{unread > 99 ? "99+" : unread}</span>
            <span class="sr-only">{words().rooms.newMessages(unread)}</span>
          </span>
        )}
      </a>
    </li>
  )
}
