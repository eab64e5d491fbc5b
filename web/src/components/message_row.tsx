import { Component, type ComponentChildren } from "preact"
import { useSignal } from "@preact/signals"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import type { Message, User } from "../model/contract"
import { fullTime } from "../model/time"
import { addressOf } from "../chat/address"
import { isWordless } from "../model/wordless"
import { Avatar } from "./avatar"
import { showCard } from "./card"
import { useChat } from "./chat_context"
import { Ago, Clock } from "./clock"
import { EditForm } from "./edit_form"
import { MessageActions } from "./message_actions"
import { MessageText } from "./message_text"
import { Reactions } from "./reactions"
import { editing } from "./editing"
import { actOnMessage } from "./row_keys"
import { UndoDelete, UndoEdit } from "./undo"

interface Props {
  id: string
  at: Date
  message: Message
  leads: boolean
  room: Room
  active: boolean
}

/** One message. It is drawn again only when something of it changes; its place in the log doesn't count. */
export class MessageRow extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    return (
      next.message !== this.props.message || next.leads !== this.props.leads || next.active !== this.props.active
    )
  }

  override render(props: Props) {
    return <Drawn {...props} />
  }
}

function Drawn({ id, at, message: said, leads, room, active }: Props) {
  const chat = useChat()
  const message = room.removing.going.value.has(said.id) ? { ...said, deleted: true } : said
  const busy = useSignal(false)
  const mine = message.user.id === chat.me.value?.id
  const isEditing = editing.value === message.id
  const showsActions = !message.deleted && !isEditing && (active || busy.value)
  return (
    <article
      class={`group flex gap-3 rounded-xl px-2 hover:bg-hover focus-within:bg-hover ${leads ? "mt-2 pt-1.5 pb-0.5" : "py-0.5"} ${showsActions ? "relative" : ""}`}
      data-key={id}
      data-seq={message.seq}
      tabIndex={-1}
      onKeyDown={(event) => actOnMessage(event, room, message, mine || chat.me.value?.moderator === true)}
      aria-label={`${message.user.name}: ${message.deleted ? words().log.deleted : message.text}`}
    >
      <div class="w-9 flex-none pt-0.5 text-right">
        {leads ? <Face user={message.user} /> : <Gutter at={at} href={addressOf(room.name, message.seq)} />}
      </div>
      <div class="min-w-0 flex-1">
        {leads && <Byline user={message.user} mine={mine} at={at} href={addressOf(room.name, message.seq)} />}
        {isEditing ? <EditForm room={room} message={message} /> : <Body room={room} message={message} />}
        <Reactions room={room} message={message} />
        {showsActions && <MessageActions room={room} message={message} mine={mine} busy={busy} />}
      </div>
    </article>
  )
}

function Face({ user }: { user: User }) {
  return (
    <button type="button" class="rounded-full" tabIndex={-1} aria-hidden="true" onClick={showCard(user)}>
      <Avatar user={user} />
    </button>
  )
}

function Gutter({ at, href }: { at: Date; href: string }) {
  return (
    <span class="block text-[0.6875rem] leading-5 whitespace-nowrap text-transparent group-focus-within:text-quiet group-hover:text-quiet">
      <Permalink href={href}>
        <Clock at={at} />
      </Permalink>
    </span>
  )
}

/** Where the message is. The keyboard finds it among the message's actions, and isn't held up by it here. */
function Permalink({ href, children }: { href: string; children: ComponentChildren }) {
  return (
    <a class="hover:underline" href={href} tabIndex={-1}>
      {children}
    </a>
  )
}

export function Byline({ user, mine, at, href }: { user: User; mine: boolean; at: Date; href?: string }) {
  return (
    <p class="flex items-baseline gap-2 leading-5">
      <button
        type="button"
        class={`truncate font-semibold hover:underline ${mine ? "text-accent" : ""}`}
        tabIndex={-1}
        onClick={showCard(user)}
      >
        {user.name}
      </button>
      <span class="flex-none text-[0.8125rem] text-quiet">
        {href ? (
          <Permalink href={href}>
            <Ago at={at} />
          </Permalink>
        ) : (
          <Ago at={at} />
        )}
      </span>
    </p>
  )
}

function Body({ room, message }: { room: Room; message: Message }) {
  if (message.deleted)
    return (
      <p class="text-quiet italic">
        {words().log.deleted}
        <UndoDelete room={room} id={message.id} />
      </p>
    )
  return (
    <div class={isWordless(message.text) ? "text-3xl leading-snug" : "text-base"}>
      <MessageText text={message.text}>
        {message.edited_at && (
          <span class="ml-1.5 text-xs text-quiet" title={fullTime(new Date(message.edited_at), words())}>
            {words().log.edited}
          </span>
        )}
        <UndoEdit room={room} id={message.id} />
      </MessageText>
    </div>
  )
}
