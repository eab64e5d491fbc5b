import type { Deleted, Edited, Joined, Message, Page, Reacted, RoomEvent } from "./contract"

/**
 * What a reader holds of one room: a window of messages that ends at the newest, oldest first,
 * and the number of the last event that went into it. Every function here is pure.
 */
export interface History {
  /** Number of the last event applied; null before the first join. */
  seq: number | null
  messages: readonly Message[]
  /** Whether there are older messages than the first one held. */
  more: boolean
}

export const nothingYet: History = { seq: null, messages: [], more: false }

export type Verdict = "applied" | "stale" | "gap"

/** Applies an event exactly once: an old one is stale, and one that skips a number shows a gap. */
export function receive(history: History, event: RoomEvent): [History, Verdict] {
  const last = history.seq ?? 0
  const { seq } = event[1]
  if (history.seq === null || seq > last + 1) return [history, "gap"]
  if (seq <= last) return [history, "stale"]
  return [{ ...history, seq, messages: change(history.messages, event) }, "applied"]
}

/** Takes in a join's reply, whether it resumes what is held or replaces it. */
export function joined(history: History, reply: Joined, limit: number): [History, Verdict] {
  if (!reply.resumed) {
    const messages = reply.messages ?? []
    return [{ seq: reply.last_seq, messages, more: messages.length >= limit }, "applied"]
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
  return { ...history, messages: [...before, ...history.messages], more: page.more }
}

/** Lets go of the oldest messages beyond `keep`; scrolling up fetches them again. */
export function trimmed(history: History, keep: number): History {
  if (history.messages.length <= keep) return history
  return { ...history, messages: history.messages.slice(-keep), more: true }
}

function change(messages: readonly Message[], [name, payload]: RoomEvent): readonly Message[] {
  switch (name) {
    case "new_message":
      return [...messages, payload]
    case "message_edited":
      return revise(messages, payload.id, (message) => edited(message, payload))
    case "message_deleted":
      return revise(messages, payload.id, (message) => tombstone(message, payload))
    case "reaction":
      return revise(messages, payload.id, (message) => reacted(message, payload))
    default:
      // A newer server may number events that this page doesn't know yet.
      return messages
  }
}

function revise(messages: readonly Message[], id: string, by: (message: Message) => Message) {
  const at = messages.findLastIndex((message) => message.id === id)
  const found = messages[at]
  return found ? messages.with(at, by(found)) : messages
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
