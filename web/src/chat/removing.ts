import { signal } from "@preact/signals"
import { Refused } from "../connection/ask"
import { forgetAll, kept, onForgotten, recall, remember } from "../connection/keepsake"
import type { History } from "../model/history"

/** So long (milliseconds) one can change one's mind. */
export const grace = 5000

const passing = ["rate_limited", "unavailable", "timeout"]
const nextTry = 2000

export interface Eraser {
  /** The id of whoever deletes, or null while nobody has a name. */
  author(): string | null
  isOpen(): boolean
  erase(id: string): Promise<unknown>
  /** It will not be deleted, for this reason. */
  refused(reason: string): void
}

export interface Removal {
  due: number
  /** Too late to take it back. */
  sent: boolean
}

/**
 * Deletes messages of one room, each a few seconds after it was asked for. Until then it only looks deleted, and can be
 * brought back. What waits is kept by the browser: a page that goes away, or has no connection, still keeps its word.
 */
export class Removing {
  readonly going = signal<ReadonlyMap<string, Removal>>(new Map())
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly room: string,
    private readonly eraser: Eraser,
  ) {
    onForgotten("removal.", (place) => this.#settledElsewhere(place))
  }

  remove(id: string): void {
    const author = this.eraser.author()
    if (author === null) return
    const due = Date.now() + grace
    remember(this.#place(author, id), String(due))
    this.#become(id, { due, sent: false })
    this.pump()
  }

  undo(id: string): void {
    if (this.going.value.get(id)?.sent === false) this.#forget(id)
  }

  /** It is known who is here: what they deleted in an earlier visit is still to be done. */
  speakAs(author: string): void {
    const beginning = this.#place(author, "")
    for (const place of kept(beginning)) {
      const id = place.slice(beginning.length)
      if (!this.going.value.has(id)) this.#become(id, { due: Number(recall(place)), sent: false })
    }
    this.pump()
  }

  /** Nobody will be here to change their mind. */
  hurry(): void {
    for (const [id, removal] of this.going.value) this.#become(id, { ...removal, due: 0 })
    this.pump()
  }

  /** Whether those that were on their way arrived is unknown; deleting twice harms nobody. */
  lost(): void {
    for (const [id, { due }] of this.going.value) this.#become(id, { due, sent: false })
  }

  settle({ messages }: History): void {
    if (this.going.value.size === 0) return
    for (const { id, deleted } of messages) if (deleted && this.going.value.has(id)) this.#forget(id)
  }

  pump(): void {
    clearTimeout(this.#timer)
    if (!this.eraser.isOpen() || this.eraser.author() === null) return
    const now = Date.now()
    const waiting = [...this.going.value].filter(([, { sent }]) => !sent)
    for (const [id, { due }] of waiting) if (due <= now) void this.#send(id)
    const next = Math.min(...waiting.map(([, { due }]) => due).filter((due) => due > now))
    if (next < Infinity) this.#timer = setTimeout(() => this.pump(), next - now)
  }

  async #send(id: string): Promise<void> {
    this.#become(id, { due: 0, sent: true })
    try {
      await this.eraser.erase(id)
      this.#unkeep(id)
    } catch (error) {
      const refusal = error instanceof Refused ? error.refusal : { reason: "unavailable" }
      if (!passing.includes(refusal.reason)) {
        this.#forget(id)
        this.eraser.refused(refusal.reason)
      } else if (this.going.value.has(id)) {
        this.#become(id, { due: Date.now() + (refusal.retry_after_ms ?? nextTry), sent: false })
        this.pump()
      }
    }
  }

  #become(id: string, removal: Removal): void {
    this.going.value = new Map(this.going.value).set(id, removal)
  }

  #forget(id: string): void {
    this.#unkeep(id)
    const going = new Map(this.going.value)
    if (going.delete(id)) this.going.value = going
  }

  /** Done or taken back in another tab. */
  #settledElsewhere(place: string): void {
    const [, , room, id = ""] = place.split(".")
    if (room === this.room && this.going.value.get(id)?.sent === false) this.#forget(id)
  }

  #unkeep(id: string): void {
    for (const place of kept("removal.")) if (place.endsWith(`.${this.room}.${id}`)) remember(place, null)
  }

  #place(author: string, id: string): string {
    return `removal.${author}.${this.room}.${id}`
  }
}

/** The rooms in which something is still to be deleted. */
export function roomsWithRemovals(): string[] {
  return [...new Set(kept("removal.").map((place) => place.split(".")[2]!))]
}

/** Somebody leaves for good: nothing is done in their name any more. */
export function forgetRemovals(): void {
  forgetAll("removal.")
}
