import type { Posted, Refusal } from "./contract"
import type { History } from "./history"

/**
 * What somebody wrote and the room hasn't shown yet. A post waits (also while offline), is sent,
 * is stored once the server says so, and leaves when the room's own history shows it. Sending it
 * again is safe: the server knows it by its author and `client_id`.
 */
export interface Post {
  client_id: string
  /** The id of whoever wrote it: under another one it would be another message to the server. */
  author: string
  text: string
  at: string
  state: "waiting" | "sending" | "stored" | "failed"
  /** How often it was sent without being told what became of it. */
  tries: number
  /** Not before this time (milliseconds since 1970): its turn, or when the server asked for patience. */
  notBefore?: number
  stored?: Posted
  /** Why it failed: the reason of a refusal, or that its author got another name. */
  why?: string
}

/** In the order in which they were written, which is that of their `client_id`. */
export type Outbox = readonly Post[]

/** So many may wait for a connection; more would fill what a browser keeps. */
export const mostWaiting = 100

const mostTries = 8
const longestPause = 30_000
const unanswered = "timeout"

export function isFull(outbox: Outbox): boolean {
  return outbox.length >= mostWaiting
}

/** With the time of its turn, when others went out a moment ago. */
export function written(outbox: Outbox, post: Pick<Post, "client_id" | "author" | "text" | "at">, turn: number | null = null): Outbox {
  return [...outbox, { ...post, state: "waiting", tries: 0, ...(turn === null ? {} : { notBefore: turn }) }]
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
    const why = refusal.reason
    if (refusal.reason === "rate_limited")
      return waiting({ ...post, tries: post.tries - 1, why, notBefore: now + (refusal.retry_after_ms ?? 1000) })
    if (isPassing(refusal.reason) && post.tries < mostTries)
      return waiting({ ...post, why, notBefore: now + Math.min(500 * 2 ** post.tries, longestPause) })
    return { ...post, state: "failed", why }
  })
}

/**
 * The connection went away: what was on its way may or may not have arrived, so it goes again. A post that
 * loses its connection each time may be what ends it, and is left to its author.
 */
export function lost(outbox: Outbox): Outbox {
  if (!outbox.some((post) => post.state === "sending")) return outbox
  return outbox.map((post) => {
    if (post.state !== "sending") return post
    return post.tries < mostTries ? waiting(post) : { ...post, state: "failed", why: unanswered }
  })
}

/** Somebody wants it sent after all, as whoever they are now. */
export function retried(outbox: Outbox, client_id: string, author: string): Outbox {
  return become(outbox, client_id, ({ why: _, notBefore: __, ...post }) => waiting({ ...post, author, tries: 0 }))
}

export function discarded(outbox: Outbox, client_id: string): Outbox {
  return outbox.filter((post) => post.client_id !== client_id)
}

/** Takes in posts from an earlier visit; one that is here already is the fresher one. */
export function joinedBy(outbox: Outbox, earlier: Outbox): Outbox {
  const here = new Set(outbox.map((post) => post.client_id))
  const both = [...outbox, ...earlier.filter((post) => !here.has(post.client_id))]
  return both.sort((a, b) => (a.client_id < b.client_id ? -1 : 1))
}

/** Nothing goes out under a name that it wasn't written under, unless its author says so. */
export function ownedBy(outbox: Outbox, author: string): Outbox {
  const isFine = (post: Post) => post.author === author || post.state === "failed" || post.state === "stored"
  if (outbox.every(isFine)) return outbox
  return outbox.map((post) => {
    if (isFine(post)) return post
    return { ...post, state: "failed", why: post.tries > 0 ? "anotherNameUnsure" : "anotherName" }
  })
}

/** Drops every post that the room shows by now, whichever of reply and broadcast came first. */
export function settled(outbox: Outbox, { messages, seq }: History): Outbox {
  if (outbox.length === 0) return outbox
  const shown = new Set(messages.slice(-500).map(({ user, client_id }) => client_id && `${user.id} ${client_id}`))
  const isShown = ({ author, client_id, stored }: Post) =>
    shown.has(`${author} ${client_id}`) || (stored !== undefined && stored.seq <= (seq ?? 0))
  return outbox.some(isShown) ? outbox.filter((post) => !isShown(post)) : outbox
}

function waiting(post: Post): Post {
  return { ...post, state: "waiting" }
}

function isPassing(reason: string): boolean {
  return reason === "unavailable" || reason === "timeout"
}

function become(outbox: Outbox, client_id: string, by: (post: Post) => Post): Outbox {
  return outbox.map((post) => (post.client_id === client_id ? by(post) : post))
}
