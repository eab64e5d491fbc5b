import { signal } from "@preact/signals"
import { Refused } from "../connection/ask"
import { messagesAfter } from "../connection/rest"
import type { Page } from "../model/contract"
import * as history from "../model/history"

const pageSize = 100
const largestPage = 500

/** The room that pages come from. */
export interface View {
  readonly name: string
  now(): history.History
  show(next: history.History): void
  ask(event: "history", payload: { before: number; limit: number }): Promise<Page>
}

/** Moves what a reader holds of a room: on by a page either way, or elsewhere at once. */
export class Paging {
  readonly loading = signal(false)
  /** Counts moves elsewhere: what was asked for before the last one no longer matters. */
  #moves = 0

  constructor(private readonly view: View) {}

  async older(): Promise<void> {
    const { messages, more } = this.view.now()
    const first = messages[0]
    if (!more || !first || this.loading.value) return
    await this.#load(
      () => this.#before(first.seq),
      (page) => history.older(this.view.now(), page),
    )
  }

  async newer(): Promise<void> {
    const last = this.view.now().messages.at(-1)
    if (history.isCurrent(this.view.now()) || !last || this.loading.value) return
    await this.#load(
      () => messagesAfter(this.view.name, last.seq, pageSize),
      (page) => history.newer(this.view.now(), page),
    )
  }

  /** Goes to where event `seq` is, and holds what was said around it: one page, the half of which comes after. */
  async goTo(seq: number): Promise<void> {
    this.#moves++
    await this.#load(
      () => this.#before(seq + pageSize / 2),
      (page) => history.elsewhere(this.view.now(), page),
    )
  }

  /** Goes to the newest messages, from wherever one is. */
  async goToNewest(): Promise<void> {
    if (history.isCurrent(this.view.now())) return
    this.#moves++
    await this.#load(
      () => this.#before((this.view.now().seq ?? 0) + 1),
      (page) => history.elsewhere(this.view.now(), page),
    )
  }

  /** Asks anew for what is held: it may have changed unseen. */
  async refresh(): Promise<void> {
    const { messages } = this.view.now()
    const last = messages.at(-1)
    if (!last) return
    this.#moves++
    await this.#load(
      () => this.#before(last.seq + 1, Math.min(messages.length, largestPage)),
      (page) => history.refreshed(this.view.now(), page),
    )
  }

  async #load<Answer>(ask: () => Promise<Answer>, taken: (answer: Answer) => history.History): Promise<void> {
    const move = this.#moves
    this.loading.value = true
    try {
      const answer = await ask()
      if (move === this.#moves) this.view.show(taken(answer))
    } finally {
      if (move === this.#moves) this.loading.value = false
    }
  }

  async #before(seq: number, limit = pageSize): Promise<Page> {
    for (;;) {
      try {
        return await this.view.ask("history", { before: seq, limit })
      } catch (error) {
        const wait = error instanceof Refused && error.refusal.retry_after_ms
        if (!wait) throw error
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }
}
