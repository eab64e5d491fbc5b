import type { Deleted, Edited, Joined, Message, Page, Reacted, RoomEvent } from "./contract"

/**
 * What a reader holds of one room: a window of messages, oldest first, that moves with the reader, and the number
 * of the last event that went into it. Most of the time the window ends at the newest message; a reader who went
 * far back holds one that doesn't. Every function here is pure.
 */
export interface History {
  /** Number of the last event applied; null before the first join. */
  seq: number | null
  messages: readonly Message[]
  /** Whether there are older messages than the first one held. */
  more: boolean
  /** Number of the newest message there is, held or not. */
  newest: number
}

export const nothingYet: History = { seq: null, messages: [], more: false, newest: 0 }

/** So many messages are held; beyond, those furthest from the reader go, and come again when they are wanted. */
export const mostHeld = 1000

/** Whether the window ends at the newest message. */
export function isCurrent({ messages, newest }: History): boolean {
  return (messages.at(-1)?.seq ?? 0) >= newest
}

export type Verdict = "applied" | "stale" | "gap"

/** Applies an event exactly once: an old one is stale, and one that skips a number shows a gap. */
export function receive(history: History, event: RoomEvent): [History, Verdict] {
  const last = history.seq ?? 0
  const { seq } = event[1]
  if (history.seq === null || seq > last + 1) return [history, "gap"]
  if (seq <= last) return [history, "stale"]
  const [name, payload] = event
  return [{ ...(name === "new_message" ? appended(history, payload) : changed(history, event)), seq }, "applied"]
}

/**
 * Takes in a join's reply. It resumes what is held or, when too much happened since, replaces it with the newest.
 * A reader who `stays` elsewhere keeps what they see, but has to ask for it anew: it may have changed.
 */
export function joined(history: History, reply: Joined, limit: number, stays = false): [History, Verdict] {
  if (!reply.resumed) {
    const messages = reply.messages ?? []
    const newest = messages.at(-1)?.seq ?? 0
    if (stays && reply.last_seq >= (history.seq ?? 0)) return [{ ...history, seq: reply.last_seq, newest }, "applied"]
    return [{ seq: reply.last_seq, messages, more: messages.length >= limit, newest }, "applied"]
  }
  // Another room by the same name, when a server came back with another database.
  if (reply.last_seq < (history.seq ?? 0)) return [history, "gap"]
  let resumed = history
  for (const event of reply.events ?? []) {
    const [next, verdict] = receive(resumed, event)
    if (verdict === "gap") return [history, "gap"]
    resumed = next
  }
  return [resumed, "applied"]
}

/** Puts an older page before what is held; a message that is there already isn't put twice. */
export function older(history: History, page: Page): History {
  const first = history.messages[0]?.seq ?? Infinity
  const before = page.messages.filter((message) => message.seq < first)
  return { ...history, messages: [...before, ...history.messages].slice(0, mostHeld), more: page.more }
}

/** Puts a newer page behind what is held. Without more to come, it ends at the newest. */
export function newer(history: History, page: Page): History {
  const last = history.messages.at(-1)?.seq ?? 0
  const messages = [...history.messages, ...page.messages.filter((message) => message.seq > last)]
  const newest = Math.max(history.newest, messages.at(-1)?.seq ?? 0)
  return trimmed({ ...history, messages, newest }, mostHeld)
}

/** Goes elsewhere: holds that page, and nothing else. */
export function elsewhere(history: History, { messages, more }: Page): History {
  return { ...history, messages, more, newest: Math.max(history.newest, messages.at(-1)?.seq ?? 0) }
}

/** The same window as it stands now; what the page doesn't reach back to is let go of. */
export function refreshed(history: History, page: Page): History {
  const last = history.messages.at(-1)?.seq ?? 0
  return { ...history, messages: page.messages.filter(({ seq }) => seq <= last), more: page.more }
}

/** Lets go of the oldest messages beyond `keep`. */
export function trimmed(history: History, keep: number): History {
  if (history.messages.length <= keep) return history
  return { ...history, messages: history.messages.slice(-keep), more: true }
}

/** A message that a page brought before its event did is there already; one beyond a gap stays away. */
function appended(history: History, message: Message): History {
  const newest = Math.max(history.newest, message.seq)
  if (!isCurrent(history) || (history.messages.at(-1)?.seq ?? 0) >= message.seq) return { ...history, newest }
  return { ...history, newest, messages: [...history.messages, message] }
}

function changed(history: History, [name, payload]: Exclude<RoomEvent, ["new_message", Message]>): History {
  switch (name) {
    case "message_edited":
      return revised(history, payload.id, (message) => edited(message, payload))
    case "message_deleted":
      return revised(history, payload.id, (message) => tombstone(message, payload))
    case "reaction":
      return revised(history, payload.id, (message) => reacted(message, payload))
    default:
      // A newer server may number events that this page doesn't know yet.
      return history
  }
}

function revised(history: History, id: string, by: (message: Message) => Message): History {
  const { messages } = history
  const at = messages.findLastIndex((message) => message.id === id)
  const found = messages[at]
  return found ? { ...history, messages: messages.with(at, by(found)) } : history
}

function edited(message: Message, { text, edited_at }: Edited): Message {
  return message.deleted ? message : { ...message, text, edited_at }
}

function tombstone({ id, seq, user, inserted_at, client_id }: Message, _: Deleted): Message {
  const stone = { id, seq, user, inserted_at, deleted: true, text: "" }
  return client_id ? { ...stone, client_id } : stone
}

function reacted(message: Message, { emoji, user, on }: Reacted): Message {
  if (message.deleted) return message
  const who = typeof user === "string" ? user : user.id
  const reactions = message.reactions ?? []
  const given = reactions.find((reaction) => reaction.emoji === emoji)
  const others = (given?.users ?? []).filter((id) => id !== who)
  const users = on ? [...others, who] : others
  if (!given) return users.length ? { ...message, reactions: [...reactions, { emoji, users }] } : message
  const next = reactions.map((reaction) => (reaction === given ? { emoji, users } : reaction))
  return { ...message, reactions: next.filter((reaction) => reaction.users.length > 0) }
}
