import { forgetAll, kept, onForgotten, recall, remember } from "../connection/keepsake"
import type { Outbox, Post } from "../model/outbox"

type Kept = Pick<Post, "text" | "at" | "tries" | "why">

/**
 * Posts of one room that have no answer yet, kept by the browser: a reload, a crash or a closed tab doesn't lose
 * them. Each has a place of its own, named by author, room and `client_id`, so tabs never overwrite one another's.
 */
export class Shelf {
  /** By place, what lies there as far as this page knows. */
  #held = new Map<string, string>()

  constructor(private readonly room: string) {}

  /** Makes the shelf hold exactly what of `outbox` is unanswered, besides what other tabs put there. */
  hold(outbox: Outbox): void {
    const wanted = new Map(outbox.filter(({ state }) => state !== "stored").map((post) => [this.#place(post), asKept(post)]))
    for (const place of this.#held.keys()) if (!wanted.has(place)) remember(place, null)
    for (const [place, post] of wanted) if (this.#held.get(place) !== post) remember(place, post)
    this.#held = wanted
  }

  /** What was left here by an earlier visit, or lies here from another tab. */
  take(): Outbox {
    const posts = kept("unsent.").flatMap((place) => this.#read(place) ?? [])
    return posts.sort((a, b) => (a.client_id < b.client_id ? -1 : 1))
  }

  /** Tells when another tab saw a post answered, or discarded it. */
  onTakenAway(tell: (client_id: string) => void): void {
    onForgotten("unsent.", (place) => {
      const { room, client_id } = named(place)
      if (room === this.room && this.#held.delete(place)) tell(client_id)
    })
  }

  #place({ author, client_id }: Post): string {
    return `unsent.${author}.${this.room}.${client_id}`
  }

  #read(place: string): Post | null {
    const { author, room, client_id } = named(place)
    const post = recall(place)
    if (room !== this.room || post === null) return null
    try {
      const { text, at, tries, why } = JSON.parse(post) as Kept
      this.#held.set(place, post)
      return { client_id, author, text, at, tries, ...(why === undefined ? { state: "waiting" } : { state: "failed", why }) }
    } catch {
      remember(place, null)
      return null
    }
  }
}

/** The rooms in which something is still to be sent. */
export function roomsWithUnsent(): string[] {
  return [...new Set(kept("unsent.").map((place) => named(place).room))]
}

/** Somebody leaves for good: nothing they wrote stays behind. */
export function clearShelves(): void {
  forgetAll("unsent.")
}

function asKept({ text, at, tries, state, why }: Post): string {
  return JSON.stringify({ text, at, tries, ...(state === "failed" ? { why: why ?? "" } : {}) } satisfies Kept)
}

function named(place: string): { author: string; room: string; client_id: string } {
  const [, author = "", room = "", client_id = ""] = place.split(".")
  return { author, room, client_id }
}
