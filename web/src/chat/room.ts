import { batch, computed, effect, type Signal, signal } from "@preact/signals"
import type { Channel } from "phoenix"
import { ask, Refused } from "../connection/ask"
import { onRemembered, recall, remember } from "../connection/keepsake"
import type { KeptRoom } from "../connection/kept_rooms"
import type { Link } from "../connection/link"
import {
  type Joined, type Message, type Meta, type Page, type Posted, type Refusal, type RoomEvent, roomEventNames, type Typing,
  type User,
} from "../model/contract"
import * as history from "../model/history"
import { inOrder, type Member, member } from "../model/members"
import { heard, stillTyping, type Typists } from "../model/typing"
import * as unread from "../model/unread"
import { Absence } from "./absence"
import { Paging } from "./paging"
import { Posting } from "./posting"
import { presenceOn } from "./presence"
import { Removing } from "./removing"
import { Shelf } from "./shelf"
import { TypingSignal } from "./typing_signal"

const firstPage = 100

export interface Owner {
  me(): User | null
  isAway(): boolean
  joinedAs(user: User | null): void
  refused(reason: string): void
  heard(room: string, message: Message): void
}

/** One room as this page has it: joined once, then kept true over every loss of connection. */
export class Room {
  readonly history = signal<history.History>(history.nothingYet)
  readonly members = signal<readonly Member[]>([])
  readonly typists = signal<Typists>(new Map())
  readonly reading = signal<unread.Reading>(unread.nothingRead)
  readonly phase = signal<"joining" | "open" | "lost" | "missing" | "refused">("joining")
  readonly topic = signal("")
  /** Whether what is held ends at the newest message. */
  readonly isCurrent = computed(() => history.isCurrent(this.history.value))
  /** Counts how often one came back to a room in which something was said meanwhile. */
  readonly returns = signal(0)
  /** The latest message by somebody else that came while one was in the room. */
  readonly heard = signal<Message | null>(null)
  /** What is being written here; it stays through reloads. */
  readonly draft: Signal<string>
  readonly unread = computed(() => this.reading.value.unread)
  /** Whether one can get in, as far as is known. */
  readonly isThere = computed(() => this.phase.value !== "missing" && this.phase.value !== "refused")
  readonly absence: Absence
  readonly posting: Posting
  readonly removing: Removing
  readonly paging: Paging
  readonly typing = new TypingSignal((typing) => this.tell("typing", { typing }))
  #channel!: Channel
  #looking = false
  #atEnd = true
  #reported = -1

  constructor(
    readonly name: string,
    private readonly link: Link,
    private readonly owner: Owner,
  ) {
    const mouth = {
      author: () => this.owner.me()?.id ?? null,
      isOpen: () => this.phase.value === "open",
      say: (text: string, client_id: string) => this.ask<Posted>("new_message", { text, client_id }),
      erase: (id: string) => this.ask("delete_message", { id }),
      refused: (reason: string) => this.owner.refused(reason),
    }
    this.absence = new Absence(name, this.members)
    this.posting = new Posting(mouth, new Shelf(name))
    this.removing = new Removing(name, mouth)
    this.paging = new Paging({
      name,
      now: () => this.history.value,
      show: (next) => this.#show(next),
      ask: (event, payload) => this.ask<Page>(event, payload),
    })
    this.draft = signal(recall(`draft.${name}`) ?? "")
    effect(() => remember(`draft.${name}`, this.draft.value || null))
    onRemembered((key, value) => {
      if (key === `read.${name}` && Number(value) >= this.history.value.newest) this.#readElsewhere(Number(value))
    })
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

  /** As an earlier visit saw it, until it is joined. */
  showKept({ topic, messages }: KeptRoom): void {
    if (this.history.value.seq !== null) return
    this.topic.value = topic
    this.#show({ ...history.nothingYet, messages, newest: messages.at(-1)?.seq ?? 0 })
  }

  speakAs(author: string): void {
    this.posting.speakAs(author)
    this.removing.speakAs(author)
  }

  /** Whether the end of what is held is on the screen, and somebody before it. */
  look(atEnd: boolean, visible: boolean): void {
    this.#atEnd = atEnd
    this.#looking = atEnd && visible && this.isCurrent.value
    if (!this.#looking || this.history.value.seq === null) return
    this.reading.value = unread.caughtUp(this.reading.value, this.history.value.seq)
    this.#reportRead()
  }

  /** Tells when somebody was last here, though there was nothing new to read. */
  wasHere(): void {
    this.tell("read", { seq: this.reading.value.seen })
  }

  turnAway(): void {
    if (this.unread.value === 0) this.reading.value = unread.lineGone(this.reading.value)
    this.#looking = false
    this.#atEnd = true
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
    const presence = presenceOn(channel)
    presence.onSync(() => {
      const members = inOrder(presence.list<Member>((id: string, { metas }: { metas: Meta[] }) => member(id, metas)))
      this.absence.changed(this.members.value, members)
      this.members.value = members
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
    const before = this.history.value
    const stays = before.seq !== null && (!this.#atEnd || !history.isCurrent(before))
    const [next, verdict] = history.joined(before, reply, firstPage, stays)
    if (verdict === "gap") return this.#startOver()
    this.owner.joinedAs(reply.user)
    if (typeof reply.room === "object") this.topic.value = reply.room.topic ?? ""
    batch(() => {
      this.#show(next)
      this.phase.value = "open"
      if (before.seq === null) this.#entered(next)
      else this.#returned(reply, before.newest, next.newest)
    })
    // What is held may have changed while too much else happened.
    if (!reply.resumed && stays) void this.paging.refresh().catch(() => undefined)
    // Each join begins with somebody who is there.
    if (this.owner.isAway()) this.tell("status", { status: "away" })
    this.posting.pump()
    this.removing.pump()
  }

  #entered({ seq, messages, more }: history.History): void {
    this.reading.value = unread.entered(this.#remembered(), seq ?? 0, messages, this.owner.me()?.id ?? null)
    if (more && this.reading.value.unread === messages.length) void this.#countUnread()
  }

  /** Nobody saw what was said while the connection was lost, even with the end of the room before their eyes. */
  #returned(reply: Joined, newestBefore: number, newest: number): void {
    if (newest <= newestBefore) return this.#lookOn()
    if (reply.resumed) {
      for (const [name, payload] of reply.events ?? []) if (name === "new_message") this.#arrived(payload, false)
    } else {
      const unseen = (reply.messages ?? []).filter((message) => message.seq > newestBefore && !this.#isMine(message))
      this.reading.value = unread.missed(this.reading.value, this.reading.value.unread + unseen.length)
      void this.#countUnread()
    }
    this.returns.value++
  }

  #receive(event: RoomEvent): void {
    const [next, verdict] = history.receive(this.history.value, event)
    if (verdict === "gap") return this.#resume()
    if (verdict === "stale") return
    const [name, payload] = event
    this.#show(this.#atEnd ? history.trimmed(next, history.mostHeld) : next)
    if (name === "new_message") {
      this.#hear(payload.user, false)
      this.#arrived(payload, this.#looking)
      if (!this.#isMine(payload)) this.heard.value = payload
    } else this.#lookOn()
  }

  #arrived(message: Message, looking: boolean): void {
    if (!this.#isMine(message)) this.owner.heard(this.name, message)
    if (!this.#isMine(message)) this.reading.value = unread.arrived(this.reading.value, message.seq, looking)
    else if (this.reading.value.unread === 0) this.reading.value = unread.caughtUp(this.reading.value, message.seq)
    this.#reportRead()
  }

  #isMine({ user }: Message): boolean {
    return user.id === this.owner.me()?.id
  }

  #lookOn(): void {
    if (this.#looking) this.look(true, true)
  }

  async #countUnread(): Promise<void> {
    if (!this.owner.me()) return
    const { seen } = this.reading.value
    const counted = await this.ask<{ unread: number }>("read", { seq: seen }).catch(() => null)
    if (counted && this.reading.value.seen === seen) this.reading.value = unread.missed(this.reading.value, counted.unread)
  }

  #show(next: history.History): void {
    batch(() => {
      this.history.value = next
      this.posting.settle(next)
      this.removing.settle(next)
    })
  }

  #hear(user: User, typing: boolean): void {
    this.typists.value = heard(this.typists.value, user, typing, Date.now())
    if (typing) setTimeout(() => (this.typists.value = stillTyping(this.typists.value, Date.now())), 5050)
  }

  #lost(): void {
    this.posting.lost()
    this.removing.lost()
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

  /** Somebody read it all in another tab. */
  #readElsewhere(seq: number): void {
    this.reading.value = unread.lineGone(unread.caughtUp(this.reading.value, seq))
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
