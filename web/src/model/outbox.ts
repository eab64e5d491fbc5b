import type { Posted, Refusal } from "./contract"
import type { History } from "./history"

/**
 * What somebody wrote and the room hasn't shown yet. A post waits (also while offline), is sent,
 * is stored once the server says so, and leaves when the room's own history shows it. Sending it
 * again is safe: the server knows it by its `client_id`.
 */
export interface Post {
  client_id: string
  text: string
  at: string
  state: "waiting" | "sending" | "stored" | "failed"
  tries: number
  /** Not before this time (milliseconds since 1970), when the server asked for patience. */
  notBefore?: number
  stored?: Posted
  why?: string
}

export type Outbox = readonly Post[]

const mostTries = 4

export function written(outbox: Outbox, client_id: string, text: string, at: string): Outbox {
  return [...outbox, { client_id, text, at, state: "waiting", tries: 0 }]
}

/** The post to send now: one at a time, so that they arrive in the order in which they were written. */
export function next(outbox: Outbox): Post | undefined {
  if (outbox.some((post) => post.state === "sending")) return undefined
  return outbox.find((post) => post.state === "waiting")
}

export function sending(outbox: Outbox, client_id: string): Outbox {
  return become(outbox, client_id, ({ notBefore: _, why: __, ...post }) => ({
    ...post,
    state: "sending",
    tries: post.tries + 1,
  }))
}

export function stored(outbox: Outbox, client_id: string, reply: Posted): Outbox {
  return become(outbox, client_id, (post) => ({ ...post, state: "stored", stored: reply }))
}

/** A refusal that time heals puts the post back; any other leaves it to its author. */
export function refused(outbox: Outbox, client_id: string, refusal: Refusal, now: number): Outbox {
  return become(outbox, client_id, (post) => {
    const why = refusal.message ?? refusal.reason
    if (refusal.reason === "rate_limited")
      return { ...post, state: "waiting", why, notBefore: now + (refusal.retry_after_ms ?? 1000) }
    if (isPassing(refusal.reason) && post.tries < mostTries)
      return { ...post, state: "waiting", why, notBefore: now + 500 * 2 ** post.tries }
    return { ...post, state: "failed", why }
  })
}

/** The connection went away: what was on its way may or may not have arrived, so it goes again. */
export function lost(outbox: Outbox): Outbox {
  if (!outbox.some((post) => post.state === "sending")) return outbox
  return outbox.map((post) => (post.state === "sending" ? { ...post, state: "waiting" } : post))
}

export function retried(outbox: Outbox, client_id: string): Outbox {
  return become(outbox, client_id, ({ why: _, ...post }) => ({ ...post, state: "waiting", tries: 0 }))
}

export function discarded(outbox: Outbox, client_id: string): Outbox {
  return outbox.filter((post) => post.client_id !== client_id)
}

/** Drops every post that the room shows by now, whichever of reply and broadcast came first. */
export function settled(outbox: Outbox, history: History, me: string | undefined): Outbox {
  if (outbox.length === 0) return outbox
  const mine = history.messages.slice(-500).filter((message) => message.user.id === me)
  const shown = new Set(mine.map((message) => message.client_id))
  const isShown = ({ client_id, stored }: Post) =>
    shown.has(client_id) || (stored !== undefined && stored.seq <= (history.seq ?? 0))
  return outbox.some(isShown) ? outbox.filter((post) => !isShown(post)) : outbox
}

function isPassing(reason: string): boolean {
  return reason === "unavailable" || reason === "timeout"
}

function become(outbox: Outbox, client_id: string, by: (post: Post) => Post): Outbox {
  return outbox.map((post) => (post.client_id === client_id ? by(post) : post))
}
