import { batch, computed, signal } from "@preact/signals"
import { type Channel, Presence } from "phoenix"
import { ask, Refused } from "../connection/ask"
import { recall, remember } from "../connection/keepsake"
import type { Link } from "../connection/link"
import {
  type Joined, type Message, type Meta, type Page, type Posted, type Refusal, type RoomEvent, roomEventNames, type Typing,
  type User,
} from "../model/contract"
import * as history from "../model/history"
import { inOrder, type Member, member } from "../model/members"
import { heard, stillTyping, type Typists } from "../model/typing"
import * as unread from "../model/unread"
import { Posting } from "./posting"
import { Shelf } from "./shelf"
import { TypingSignal } from "./typing_signal"

const firstPage = 100
const kept = 500

export interface Owner {
  me(): User | null
  joinedAs(user: User | null): void
}

/** One room as this page has it: joined once, then kept true over every loss of connection. */
export class Room {
  readonly history = signal<history.History>(history.nothingYet)
  readonly members = signal<readonly Member[]>([])
  readonly typists = signal<Typists>(new Map())
  readonly reading = signal<unread.Reading>({ seen: 0, line: null })
  readonly phase = signal<"joining" | "open" | "lost" | "missing" | "refused">("joining")
  readonly topic = signal("")
  readonly loadingOlder = signal(false)
  readonly draft = signal("")
  readonly unread = computed(() =>
    unread.unreadCount(this.reading.value, this.history.value.messages, this.owner.me()?.id ?? null),
  )
  readonly posting: Posting
  readonly typing = new TypingSignal((typing) => this.tell("typing", { typing }))
  #channel!: Channel
  #looking = false
  #reported = 0

  constructor(
    readonly name: string,
    private readonly link: Link,
    private readonly owner: Owner,
  ) {
    const mouth = {
      author: () => this.owner.me()?.id ?? null,
      isOpen: () => this.phase.value === "open",
      say: (text: string, client_id: string) => this.ask<Posted>("new_message", { text, client_id }),
    }
    this.posting = new Posting(mouth, new Shelf(name))
    this.#join()
  }

  /** Pushes and waits for the reply; none at all makes one doubt the connection. */
  async ask<Reply = unknown>(event: string, payload: object): Promise<Reply> {
    try {
      return await ask<Reply>(this.#channel, event, payload)
    } catch (error) {
      if (error instanceof Refused && error.refusal.reason === "timeout") this.link.doubt()
      throw error
    }
  }

  /** Pushes what isn't worth an answer, and only when there is somebody to hear it now. */
  tell(event: string, payload: object): void {
    if (this.phase.value === "open" && this.owner.me()) this.#channel.push(event, payload)
  }

  /** Whether it was taken; it isn't when too much waits for a connection already. */
  post(text: string): boolean {
    if (!this.posting.post(text)) return false
    this.reading.value = unread.lineGone(this.reading.value)
    this.typing.stopped()
    return true
  }

  async loadOlder(limit = firstPage): Promise<void> {
    const { messages, more } = this.history.value
    if (!more || this.loadingOlder.value || !messages[0]) return
    this.loadingOlder.value = true
    try {
      const page = await this.#patiently(() => this.ask<Page>("history", { before: messages[0]!.seq, limit }))
      // The window may have moved meanwhile; then this page no longer adjoins it.
      if (this.history.value.messages[0]?.id === messages[0].id)
        this.history.value = history.older(this.history.value, page)
    } finally {
      this.loadingOlder.value = false
    }
  }

  async #patiently<Reply>(request: () => Promise<Reply>): Promise<Reply> {
    for (;;) {
      try {
        return await request()
      } catch (error) {
        const wait = error instanceof Refused && error.refusal.retry_after_ms
        if (!wait) throw error
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }

  /** Whether somebody has the newest message before their eyes. */
  look(looking: boolean): void {
    this.#looking = looking
    if (!looking || this.history.value.seq === null) return
    this.reading.value = unread.caughtUp(this.reading.value, this.history.value.seq)
    this.#reportRead()
  }

  turnAway(): void {
    if (this.unread.value === 0) this.reading.value = unread.lineGone(this.reading.value)
    this.#looking = false
  }

  #join(): void {
    const channel = this.link.channel(`chat:${this.name}`, () => this.#params())
    this.#channel = channel
    for (const name of roomEventNames)
      channel.on(name, (payload) => {
        if (this.#current(channel)) this.#receive([name, payload] as RoomEvent)
      })
    channel.on("typing", ({ user, typing }: Typing) => this.#hear(user, typing))
    channel.onError(() => {
      if (this.#current(channel)) this.#lost()
    })
    channel.onClose(() => {
      if (this.#current(channel)) this.#shownOut(channel)
    })
    const presence = new Presence(channel)
    presence.onSync(() => {
      this.members.value = inOrder(
        presence.list<Member>((id: string, { metas }: { metas: Meta[] }) => member(id, metas)),
      )
    })
    channel
      .join()
      .receive("ok", (reply: Joined) => this.#joined(reply))
      .receive("error", (refusal: Refusal) => this.#turnedDown(channel, refusal))
  }

  #current(channel: Channel): boolean {
    return channel === this.#channel
  }

  #params(): object {
    const { seq } = this.history.value
    return seq === null ? { limit: firstPage } : { limit: firstPage, after: seq }
  }

  #joined(reply: Joined): void {
    const first = this.history.value.seq === null
    const [next, verdict] = history.joined(this.history.value, reply, firstPage)
    if (verdict === "gap") return this.#startOver()
    this.owner.joinedAs(reply.user)
    if (typeof reply.room === "object") this.topic.value = reply.room.topic ?? ""
    this.#show(next)
    if (first) this.reading.value = unread.entered(this.#remembered(), next.seq ?? 0)
    else for (const [name, payload] of reply.events ?? []) if (name === "new_message") this.#arrived(payload)
    this.phase.value = "open"
    if (this.#looking) this.look(true)
    this.posting.pump()
  }

  #receive(event: RoomEvent): void {
    const [next, verdict] = history.receive(this.history.value, event)
    if (verdict === "gap") return this.#resume()
    if (verdict === "stale") return
    const [name, payload] = event
    this.#show(this.#looking ? history.trimmed(next, kept) : next)
    if (name === "new_message") {
      this.#hear(payload.user, false)
      this.#arrived(payload)
    } else if (this.#looking) this.look(true)
  }

  #arrived({ seq, user }: Message): void {
    const mine = user.id === this.owner.me()?.id
    this.reading.value = unread.arrived(this.reading.value, seq, this.#looking || mine)
    this.#reportRead()
  }

  #show(next: history.History): void {
    batch(() => {
      this.history.value = next
      this.posting.settle(next)
    })
  }

  #hear(user: User, typing: boolean): void {
    this.typists.value = heard(this.typists.value, user, typing, Date.now())
    if (typing) setTimeout(() => (this.typists.value = stillTyping(this.typists.value, Date.now())), 5050)
  }

  #lost(): void {
    this.posting.lost()
    this.typists.value = new Map()
    if (this.phase.value === "open") this.phase.value = "lost"
  }

  #turnedDown(channel: Channel, refusal: Refusal): void {
    if (!this.#current(channel)) return
    if (refusal.reason !== "not_found" && refusal.reason !== "forbidden") return
    this.phase.value = refusal.reason === "not_found" ? "missing" : "refused"
    // Without this, the channel would go on asking.
    channel.leave()
  }

  /** The server ended the channel though nobody left; it may have reasons that pass. */
  #shownOut(channel: Channel): void {
    if (this.phase.value === "missing" || this.phase.value === "refused") return
    this.#lost()
    setTimeout(() => {
      if (this.#current(channel)) this.#join()
    }, 1000)
  }

  /** An event was skipped: joins again after the last one held, on a channel of its own. */
  #resume(): void {
    this.#lost()
    this.#channel.leave()
    this.#join()
  }

  #startOver(): void {
    this.history.value = history.nothingYet
    this.#resume()
  }

  #remembered(): number | null {
    const remembered = recall(`read.${this.name}`)
    return remembered === null ? null : Number(remembered)
  }

  #reportRead(): void {
    const { seen } = this.reading.value
    if (seen <= this.#reported) return
    this.#reported = seen
    remember(`read.${this.name}`, String(seen))
    setTimeout(() => seen === this.#reported && this.tell("read", { seq: seen }), 1000)
  }
}
