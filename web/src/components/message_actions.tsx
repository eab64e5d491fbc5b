import type { Signal } from "@preact/signals"
import { useSignal } from "@preact/signals"
import { useEffect, useLayoutEffect, useRef } from "preact/hooks"
import { linkTo } from "../chat/address"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import type { Message } from "../model/contract"
import { beside } from "../model/placing"
import { useChat } from "./chat_context"
import { copy } from "./clipboard"
import { editing } from "./editing"
import { ReactionPicker } from "./emoji_picker"
import { IconButton } from "./icon"
import { useLeaving } from "./leaving"
import { giveReaction } from "./reactions"
import { isTouch } from "./screen"
import { quoted } from "../model/quote"

interface Props {
  room: Room
  message: Message
  mine: boolean
  /** Set while the picker is open, so that the bar doesn't leave under one's hand. */
  busy: Signal<boolean>
}

/** What can be done with a message: on hover, on a tap, or when the keyboard is in its row. Nothing moves for it. */
export function MessageActions({ room, message, mine, busy }: Props) {
  const chat = useChat()
  const me = chat.me.value
  const mayChange = mine || me?.moderator
  const open = useSignal(false)
  const bar = useRef<HTMLDivElement>(null)
  const show = (picker: boolean) => {
    open.value = busy.value = picker
  }
  const react = (emoji: string) => {
    // The button that was pressed goes, and the focus would with it.
    bar.current!.closest("article")!.focus()
    show(false)
    void giveReaction(chat, room, message, emoji, true)
  }
  useLayoutEffect(() => place(bar.current!), [mine, me])
  useLeaving(bar, () => open.peek() && show(false))
  return (
    <div
      ref={bar}
      class="absolute right-2 z-10 w-max max-w-full"
      onKeyDown={(event) => {
        if (event.key === "Escape") show(false)
      }}
    >
      <div class="flex w-max rounded-xl border border-line bg-raised p-0.5 shadow-float" role="group" aria-label={words().actions.group}>
        {me && <IconButton icon="react" label={words().actions.react} expanded={open.value} onClick={() => show(!open.value)} />}
        {me && <IconButton icon="reply" label={words().actions.reply} onClick={() => answer(room, message)} />}
        <CopyLink address={linkTo(room.name, message.seq)} />
        {mayChange && <IconButton icon="edit" label={words().actions.edit} onClick={() => (editing.value = message.id)} />}
        {mayChange && <IconButton icon="delete" label={words().delete} danger onClick={() => room.removing.remove(message.id)} />}
      </div>
      {open.value && <ReactionPicker onPick={react} />}
    </div>
  )
}

function CopyLink({ address }: { address: string }) {
  const copied = useSignal(false)
  useEffect(() => {
    if (!copied.value) return
    const timer = setTimeout(() => (copied.value = false), 2500)
    return () => clearTimeout(timer)
  }, [copied.value])
  return (
    <IconButton
      icon={copied.value ? "done" : "link"}
      label={copied.value ? words().link.copied : words().link.copy}
      onClick={() => void copy(address).then(() => (copied.value = true))}
    />
  )
}

/** On the row's edge under a mouse; a finger's larger buttons keep off its words. */
function place(bar: HTMLElement): void {
  const row = bar.closest("article")!.getBoundingClientRect()
  const log = bar.closest("[role=log]")!.getBoundingClientRect()
  bar.style.top = `${beside(row, log, bar.offsetHeight, isTouch.peek() ? 4 : 20) - row.top}px`
}

/** Begins an answer that quotes the message, before what is being written already. */
export function answer(room: Room, { user, text }: Message) {
  room.draft.value = quoted(user.name, text) + room.draft.value
  document.querySelector<HTMLElement>("#composer")?.focus()
}
