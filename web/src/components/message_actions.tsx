import type { Signal } from "@preact/signals"
import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import type { Message } from "../model/contract"
import { useChat } from "./chat_context"
import { editing } from "./editing"
import { EmojiPicker } from "./emoji_picker"
import { IconButton } from "./icon"
import { giveReaction } from "./reactions"
import { quoted } from "../model/quote"

interface Props {
  room: Room
  message: Message
  mine: boolean
  /** Set while the picker is open, so that the bar doesn't leave under one's hand. */
  busy: Signal<boolean>
}

/** What can be done with a message: on hover, on a tap, or when the keyboard is in its row. */
export function MessageActions({ room, message, mine, busy }: Props) {
  const chat = useChat()
  const mayChange = mine || chat.me.value?.moderator
  const open = useSignal(false)
  const bar = useRef<HTMLDivElement>(null)
  const show = (picker: boolean) => {
    open.value = busy.value = picker
  }
  const react = (emoji: string) => {
    show(false)
    void giveReaction(chat, room, message, emoji, true)
  }
  useEffect(() => {
    // Focus that goes nowhere isn't leaving: the button that had it has just been replaced.
    const leave = ({ target }: Event) => {
      if (open.peek() && !bar.current?.contains(target as Node)) show(false)
    }
    document.addEventListener("pointerdown", leave)
    document.addEventListener("focusin", leave)
    return () => {
      document.removeEventListener("pointerdown", leave)
      document.removeEventListener("focusin", leave)
    }
  }, [])
  return (
    <div
      ref={bar}
      class="z-10 w-max max-w-full pointer-coarse:relative pointer-coarse:my-1 pointer-fine:absolute pointer-fine:-top-4 pointer-fine:right-2"
      onKeyDown={(event) => {
        if (event.key === "Escape") show(false)
      }}
    >
      <div class="flex w-max rounded-xl border border-line bg-raised p-0.5 pointer-fine:shadow-float" role="group" aria-label={words().actions.group}>
        <IconButton icon="react" label={words().actions.react} expanded={open.value} onClick={() => show(!open.value)} />
        <IconButton icon="reply" label={words().actions.reply} onClick={() => answer(room, message)} />
        {mayChange && <IconButton icon="edit" label={words().actions.edit} onClick={() => (editing.value = message.id)} />}
        {mayChange && <IconButton icon="delete" label={words().delete} danger onClick={() => room.removing.remove(message.id)} />}
      </div>
      {open.value && <EmojiPicker onPick={react} />}
    </div>
  )
}

/** Begins an answer that quotes the message, before what is being written already. */
function answer(room: Room, { user, text }: Message) {
  room.draft.value = quoted(user.name, text) + room.draft.value
  document.querySelector<HTMLElement>("#composer")?.focus()
}
