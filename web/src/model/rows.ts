import type { Message, User } from "./contract"
import type { Outbox, Post } from "./outbox"
import { isSameDay } from "./time"

/** What the log shows, line by line. `key` stays when a post becomes a message, so nothing flickers. */
export type Row =
  | { kind: "day"; key: string; at: Date }
  | { kind: "new"; key: string }
  | { kind: "message"; key: string; at: Date; message: Message; leads: boolean }
  | { kind: "post"; key: string; at: Date; post: Post; author: User; leads: boolean }

type Line = { key: string; at: Date; author: User } & ({ message: Message } | { post: Post })

const belongTogether = 5 * 60_000

/** The first message after event `line` that somebody else wrote: above it comes the line "new". */
export function firstNew(messages: readonly Message[], me: User | null, line: number | null): string | null {
  if (line === null) return null
  return messages.find(({ seq, user }) => seq > line && user.id !== me?.id)?.id ?? null
}

/** One's own message keeps the key that it had as a post. */
export function rowKey({ id, user, client_id }: Message, me: User | null): string {
  return (user.id === me?.id && client_id) || id
}

/**
 * Messages, then what is on its way, with a heading for each day and the line "new" above message
 * `newId`. A row that `leads` shows its author; the ones close behind by the same author don't,
 * nor does the first one when `previous`, which isn't drawn, was theirs.
 */
export function rows(
  messages: readonly Message[],
  outbox: Outbox,
  me: User | null,
  newId: string | null,
  previous?: Message,
): Row[] {
  const rows: Row[] = []
  let before = previous && said(previous, me)
  for (const item of lines(messages, outbox, me)) {
    const startsNew = "message" in item && item.message.id === newId
    const startsDay = !before || !isSameDay(before.at, item.at)
    // Above a day's heading, so that the line comes before everything that is new.
    if (startsNew) rows.push({ kind: "new", key: "new" })
    if (startsDay) rows.push({ kind: "day", key: `day ${item.at.toDateString()}`, at: item.at })
    const leads = startsNew || startsDay || !follows(item, before!)
    rows.push("message" in item ? { kind: "message", ...item, leads } : { kind: "post", ...item, leads })
    before = item
  }
  return rows
}

function lines(messages: readonly Message[], outbox: Outbox, me: User | null): Line[] {
  const posts = me ? outbox.map((post) => ({ key: post.client_id, at: new Date(post.at), author: me, post })) : []
  return [...messages.map((message) => said(message, me)), ...posts]
}

function said(message: Message, me: User | null): Line {
  return { key: rowKey(message, me), at: new Date(message.inserted_at), author: message.user, message }
}

function follows(line: Line, before: Line): boolean {
  return line.author.id === before.author.id && line.at.getTime() - before.at.getTime() <= belongTogether
}
