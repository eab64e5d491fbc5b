import { useSignal } from "@preact/signals"
import { useLayoutEffect, useRef } from "preact/hooks"
import type { Chat } from "../chat/chat"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import { refusal } from "../language/refusal"
import type { Line } from "../language/english"
import { Refused } from "../connection/ask"
import type { User } from "../model/contract"
import { nameTrouble } from "../model/names"
import { Avatar } from "./avatar"
import { useChat } from "./chat_context"
import { Ago, Moment } from "./clock"
import { Icon, IconButton } from "./icon"

interface Props {
  user: User
  beside: DOMRect
  onClose: () => void
}

/** Somebody: who they are, whether they are there, and what one can do about it. On a phone it comes from below. */
export function UserCard({ user, beside, onClose }: Props) {
  const chat = useChat()
  const dialog = useRef<HTMLDialogElement>(null)
  const isMe = user.id === chat.me.value?.id
  const close = () => dialog.current!.close()
  useLayoutEffect(() => {
    dialog.current!.showModal()
    putBeside(dialog.current!, beside)
  }, [])
  return (
    <dialog
      ref={dialog}
      class="m-0 w-72 rounded-card border border-line bg-raised p-5 shadow-float sm:backdrop:bg-transparent max-sm:mt-auto max-sm:w-full max-sm:max-w-none max-sm:rounded-b-none max-sm:pb-[max(1.25rem,env(safe-area-inset-bottom))]"
      aria-label={user.name}
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && close()}
    >
      <div class="absolute top-2 right-2">
        <IconButton icon="close" label={words().close} onClick={close} />
      </div>
      <Avatar user={user} size="large" />
      <h2 class="mt-3 text-lg leading-6 font-bold tracking-tight break-words">
        {isMe ? chat.me.value!.name : user.name}
        {isMe && <span class="font-normal text-quiet">{words().people.you}</span>}
      </h2>
      <Presence room={chat.current.value} user={user} />
      {isMe ? <Mine chat={chat} onDone={close} /> : chat.me.value && <Theirs room={chat.current.value} user={user} onDone={close} />}
    </dialog>
  )
}

function Presence({ room, user }: { room: Room; user: User }) {
  const member = room.members.value.find(({ id }) => id === user.id)
  const gone = room.absence.people.value.find(({ id }) => id === user.id)
  const { isAway, onlineSince, lastSeen, notHere } = words().people
  return (
    <p class="mt-1 flex items-center gap-2 text-small text-quiet">
      <span class={`dot ${member ? (member.away ? "dot-away" : "dot-here") : "dot-gone"}`} />
      {member?.away && isAway}
      {member && !member.away && (
        <span>
          {onlineSince} <Moment at={new Date(member.onlineAt)} />
        </span>
      )}
      {!member && gone && (
        <span>
          {lastSeen} <Ago at={gone.lastSeenAt} />
        </span>
      )}
      {!member && !gone && notHere}
    </p>
  )
}

function Theirs({ room, user, onDone }: { room: Room; user: User; onDone: () => void }) {
  const mention = () => {
    onDone()
    const { draft } = room
    draft.value = `${draft.value}${/\S$/.test(draft.value) ? " " : ""}@${user.name} `
    document.querySelector<HTMLElement>("#composer")?.focus()
  }
  return (
    <button type="button" class="primary mt-4 w-full" onClick={mention}>
      {words().people.mention}
    </button>
  )
}

function Mine({ chat, onDone }: { chat: Chat; onDone: () => void }) {
  const name = useSignal(chat.me.peek()!.name)
  const trouble = useSignal<Line | null>(null)
  const rename = async (event: Event) => {
    event.preventDefault()
    trouble.value = nameTrouble(name.value)
    if (trouble.value) return
    if (name.value === chat.me.peek()?.name) return onDone()
    try {
      await chat.identify(name.value)
      onDone()
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      trouble.value = refusal(error.refusal.reason)
    }
  }
  return (
    <>
      <form class="mt-4 flex gap-2" onSubmit={rename}>
        <input
          class="field min-w-0"
          aria-label={words().me.newName}
          autocapitalize="off"
          spellcheck={false}
          maxLength={50}
          value={name.value}
          aria-invalid={trouble.value !== null}
          aria-describedby="rename-trouble"
          onInput={(event) => (name.value = event.currentTarget.value.trim())}
        />
        <button type="submit" class="primary flex-none">
          {words().me.rename}
        </button>
      </form>
      <p id="rename-trouble" class="text-small text-danger not-empty:mt-2" role="alert">
        {trouble.value?.(words())}
      </p>
      <button
        type="button"
        class="plain mt-3 -ml-3 flex items-center gap-2 text-danger"
        onClick={() => {
          onDone()
          chat.leave()
        }}
      >
        <Icon name="leave" />
        {words().me.leave}
      </button>
    </>
  )
}

const gap = 8

/** To the right of what was clicked, else to its left, and never beyond an edge. A phone's width is all its own. */
function putBeside(dialog: HTMLDialogElement, { left, right, top }: DOMRect): void {
  if (!matchMedia("(min-width: 40rem)").matches) return
  const { offsetWidth: width, offsetHeight: height } = dialog
  const fitsRight = right + gap + width <= innerWidth - gap
  dialog.style.left = `${fitsRight ? right + gap : Math.max(gap, left - gap - width)}px`
  dialog.style.top = `${Math.max(gap, Math.min(top, innerHeight - height - gap))}px`
}
