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

/**
 * Messages, then what is on its way, with a heading for each day and the line "new" after event
 * `line`. A row that `leads` shows its author; the ones close behind by the same author don't.
 */
export function rows(messages: readonly Message[], outbox: Outbox, me: User | null, line: number | null): Row[] {
  const rows: Row[] = []
  const firstNew = line === null ? undefined : messages.find((m) => m.seq > line && m.user.id !== me?.id)
  let before: Line | undefined
  for (const item of lines(messages, outbox, me)) {
    const startsNew = "message" in item && item.message === firstNew
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
  const said = messages.map((message) => ({
    key: (message.user.id === me?.id && message.client_id) || message.id,
    at: new Date(message.inserted_at),
    author: message.user,
    message,
  }))
  if (!me) return said
  const posts = outbox.map((post) => ({ key: post.client_id, at: new Date(post.at), author: me, post }))
  return [...said, ...posts]
}

function follows(line: Line, before: Line): boolean {
  return line.author.id === before.author.id && line.at.getTime() - before.at.getTime() <= belongTogether
}
