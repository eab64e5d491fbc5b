import { signal } from "@preact/signals"
import { Refused } from "../connection/ask"
import type { Posted } from "../model/contract"
import { type History, nothingYet } from "../model/history"
import * as outbox from "../model/outbox"
import { whole } from "../model/whole"
import { clientId } from "./client_id"
import type { Shelf } from "./shelf"

/** So far apart (milliseconds) one's posts go out; the quicker ones wait for their turn. */
const throttle = 500

export interface Mouth {
  /** The id of whoever speaks, or null while nobody has a name. */
  author(): string | null
  /** Whether the room hears us now. */
  isOpen(): boolean
  say(text: string, client_id: string): Promise<Posted>
}

/** Sends what was written, in order, through every loss of connection, reload and plea for patience. */
export class Posting {
  readonly outbox = signal<outbox.Outbox>([])
  #connection = 0
  #nextTurn = 0
  #history = nothingYet
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly mouth: Mouth,
    private readonly shelf: Shelf,
  ) {
    shelf.onTakenAway((client_id) => this.#answeredElsewhere(client_id))
  }

  /** Whether it was taken: not when nobody has a name, or too much is waiting. */
  post(text: string): boolean {
    const author = this.mouth.author()
    if (author === null || outbox.isFull(this.outbox.value)) return false
    const post = { client_id: clientId(), author, text: whole(text), at: new Date().toISOString() }
    this.#become(outbox.written(this.outbox.value, post, this.#turn()))
    this.pump()
    return true
  }

  retry(client_id: string): void {
    const author = this.mouth.author()
    if (author !== null) this.#become(outbox.retried(this.outbox.value, client_id, author))
    this.pump()
  }

  discard(client_id: string): void {
    this.#become(outbox.discarded(this.outbox.value, client_id))
    this.pump()
  }

  /** It is known who speaks: what they left unsent in an earlier visit goes on. */
  speakAs(author: string): void {
    this.#become(outbox.ownedBy(outbox.joinedBy(this.outbox.value, this.shelf.take()), author))
    this.pump()
  }

  /** The room shows so much by now. */
  settle(history: History): void {
    this.#history = history
    this.#become(outbox.settled(this.outbox.value, history))
  }

  /** Replies still to come belong to a connection that is gone. */
  lost(): void {
    this.#connection++
    this.#become(outbox.lost(this.outbox.value))
  }

  clear(): void {
    this.lost()
    this.#become([])
  }

  pump(): void {
    clearTimeout(this.#timer)
    const post = outbox.next(this.outbox.value)
    if (!post || !this.mouth.isOpen() || post.author !== this.mouth.author()) return
    const patience = (post.notBefore ?? 0) - Date.now()
    if (patience > 0) this.#timer = setTimeout(() => this.pump(), patience)
    else void this.#send(post)
  }

  async #send({ client_id, text }: outbox.Post): Promise<void> {
    const connection = this.#connection
    this.#become(outbox.sending(this.outbox.value, client_id))
    const outcome = await this.mouth.say(text, client_id).catch((error: unknown) => error)
    if (connection !== this.#connection) return
    this.#become(
      outcome instanceof Error
        ? outbox.refused(this.outbox.value, client_id, refusal(outcome), Date.now())
        : outbox.settled(outbox.stored(this.outbox.value, client_id, outcome as Posted), this.#history),
    )
    this.pump()
  }

  /** What is on its way from here hears its own answer. */
  #answeredElsewhere(client_id: string): void {
    const post = this.outbox.value.find((post) => post.client_id === client_id)
    if (post && post.state !== "sending") this.discard(client_id)
  }

  /** When the next post may go, if that isn't now. */
  #turn(now = Date.now()): number | null {
    const turn = Math.max(now, this.#nextTurn)
    this.#nextTurn = turn + throttle
    return turn > now ? turn : null
  }

  #become(next: outbox.Outbox): void {
    if (next === this.outbox.value) return
    this.outbox.value = next
    this.shelf.hold(next)
  }
}

function refusal(error: Error) {
  return error instanceof Refused ? error.refusal : { reason: "unavailable" }
}
