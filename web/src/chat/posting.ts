import { signal } from "@preact/signals"
import { Refused } from "../connection/ask"
import type { Posted } from "../model/contract"
import type { History } from "../model/history"
import * as outbox from "../model/outbox"
import { whole } from "../model/whole"
import { clientId } from "./client_id"

export interface Mouth {
  isOpen(): boolean
  say(text: string, client_id: string): Promise<Posted>
}

/** Sends what was written, in order, through every loss of connection and plea for patience. */
export class Posting {
  readonly outbox = signal<outbox.Outbox>([])
  #connection = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly mouth: Mouth) {}

  post(text: string): void {
    this.outbox.value = outbox.written(this.outbox.value, clientId(), whole(text), new Date().toISOString())
    this.pump()
  }

  retry(client_id: string): void {
    this.outbox.value = outbox.retried(this.outbox.value, client_id)
    this.pump()
  }

  discard(client_id: string): void {
    this.outbox.value = outbox.discarded(this.outbox.value, client_id)
  }

  settle(history: History, me: string | undefined): void {
    this.outbox.value = outbox.settled(this.outbox.value, history, me)
  }

  /** Replies still to come belong to a connection that is gone. */
  lost(): void {
    this.#connection++
    this.outbox.value = outbox.lost(this.outbox.value)
  }

  clear(): void {
    this.lost()
    this.outbox.value = []
  }

  pump(): void {
    clearTimeout(this.#timer)
    const post = outbox.next(this.outbox.value)
    if (!post || !this.mouth.isOpen()) return
    const patience = (post.notBefore ?? 0) - Date.now()
    if (patience > 0) this.#timer = setTimeout(() => this.pump(), patience)
    else void this.#send(post)
  }

  async #send({ client_id, text }: outbox.Post): Promise<void> {
    const connection = this.#connection
    this.outbox.value = outbox.sending(this.outbox.value, client_id)
    const outcome = await this.mouth.say(text, client_id).catch((error: unknown) => error)
    if (connection !== this.#connection) return
    this.outbox.value =
      outcome instanceof Error
        ? outbox.refused(this.outbox.value, client_id, refusal(outcome), Date.now())
        : outbox.stored(this.outbox.value, client_id, outcome as Posted)
    this.pump()
  }
}

function refusal(error: Error) {
  return error instanceof Refused ? error.refusal : { reason: "unavailable", message: error.message }
}
