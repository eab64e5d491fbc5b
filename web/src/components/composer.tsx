import { useEffect, useRef } from "preact/hooks"
import type { Room } from "../chat/room"
import { perform } from "../chat/perform"
import { words } from "../language/language"
import { commandIn } from "../model/command"
import { withEmoji } from "../model/emoji"
import { useChat } from "./chat_context"
import { editing } from "./editing"
import { EmojiButton } from "./emoji_button"
import { fit } from "./growing"
import { Icon } from "./icon"
import { Names, useNames } from "./names"
import { isTouch } from "./screen"

const longest = 4000

export function Composer({ room }: { room: Room }) {
  const chat = useChat()
  const field = useRef<HTMLTextAreaElement>(null)
  const text = room.draft.value
  const length = [...text].length
  const ready = text.trim() !== "" && length <= longest

  useEffect(() => fit(field.current!), [text])
  useEffect(() => {
    if (!isTouch.peek()) field.current!.focus({ preventScroll: true })
  }, [room])

  const send = () => {
    if (!ready) return
    void perform(chat, room, commandIn(text.trim()))
    field.current!.focus()
  }
  const editLast = () => {
    const me = chat.me.value?.id
    const last = room.history.value.messages.findLast((message) => message.user.id === me && !message.deleted)
    if (!last) return
    chat.target.value = { room: room.name, seq: last.seq }
    editing.value = last.id
  }
  const write = (text: string, caret: number) => {
    room.draft.value = text
    const { current } = field
    current!.value = text
    current!.setSelectionRange(caret, caret)
    current!.focus()
  }
  const insert = (emoji: string) => {
    const { selectionStart, selectionEnd } = field.current!
    write(text.slice(0, selectionStart) + emoji + text.slice(selectionEnd), selectionStart + emoji.length)
  }
  const names = useNames(room, chat.me.value, write)
  const keys = (event: KeyboardEvent) => {
    if (event.isComposing || names.took(event)) return
    if (event.key === "Enter" && !event.shiftKey && !isTouch.value) {
      event.preventDefault()
      send()
    } else if (event.key === "ArrowUp" && !event.altKey && text === "") {
      event.preventDefault()
      editLast()
    }
  }
  return (
    <form
      class="relative flex items-end gap-1 rounded-[1.375rem] border border-edge bg-raised p-1 pl-4 focus-within:border-accent focus-within:outline-1 focus-within:outline-accent"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <Names names={names} />
      <textarea
        ref={field}
        id="composer"
        {...names.attributes}
        class="max-h-48 min-w-0 flex-1 resize-none self-center bg-transparent py-1.5 text-base leading-6 outline-none placeholder:text-quiet"
        rows={1}
        aria-label={words().composer.label(room.name)}
        placeholder={words().composer.placeholder(room.name)}
        enterkeyhint={isTouch.value ? "enter" : "send"}
        value={text}
        onInput={(event) => {
          const field = event.currentTarget
          const pictured = withEmoji(field.value, field.selectionEnd)
          if (pictured) write(pictured.text, pictured.caret)
          room.draft.value = field.value
          room.typing.typed(field.value)
          names.look(field)
        }}
        onClick={(event) => names.look(event.currentTarget)}
        onBlur={() => names.close()}
        onKeyDown={keys}
      />
      <div class="text-right">
        <Left letters={longest - length} />
        <div class="flex gap-1">
          <EmojiButton onPick={insert} />
          <button
            type="submit"
            class="grid size-9 flex-none place-items-center rounded-full bg-accent text-on-accent transition-colors hover:bg-accent-strong disabled:bg-press disabled:text-quiet pointer-coarse:size-11"
            aria-label={words().composer.send}
            title={words().composer.send}
            disabled={!ready}
          >
            <Icon name="send" />
          </button>
        </div>
      </div>
    </form>
  )
}

/** How much more fits, once that matters. It stands over the buttons, where it takes no width from the text. */
function Left({ letters }: { letters: number }) {
  if (letters >= 500) return null
  return <p class={`px-2.5 py-1 text-xs tabular-nums ${letters < 0 ? "font-semibold text-danger" : "text-quiet"}`}>{letters}</p>
}
