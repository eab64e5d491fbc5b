import { computed, effect, signal } from "@preact/signals"
import { Refused } from "../connection/ask"
import { forgetAll, onRemembered, recall, remember } from "../connection/keepsake"
import { forgetRooms } from "../connection/kept_rooms"
import { Link } from "../connection/link"
import { createRoom, listRooms } from "../connection/rest"
import type { Line } from "../language/english"
import { refusal } from "../language/refusal"
import type { Message, RoomSummary, User } from "../model/contract"
import { watchForNewer } from "../shell/newer"
import { onNotificationClick } from "../shell/notify"
import { watchAttention } from "./attention"
import { haveAtHand, keepDirectory, keptDirectory } from "./at_hand"
import { type Place, placeInAddress, showInAddress } from "./address"
import { Mentions } from "./mentions"
import { Room } from "./room"
import { forgetRemovals, roomsWithRemovals } from "./removing"
import { clearShelves, roomsWithUnsent } from "./shelf"
import { worthWarming } from "./warm"

/** Everything this page knows: who I am, the rooms there are, the ones I have open, the one I'm in. */
export class Chat {
  readonly me = signal<User | null>(recallMe())
  readonly directory = signal(keptDirectory())
  readonly open = signal<ReadonlyMap<string, Room>>(new Map())
  readonly room = signal("lobby")
  readonly current = computed(() => this.open.value.get(this.room.value)!)
  /** What somebody wants to see, wherever in its room it is. */
  readonly target = signal<{ room: string; seq: number } | null>(null)
  /** Why somebody who had a name is asked for one again. */
  readonly nameHint = signal<Line | null>(null)
  /** One line for a person to read, about what just went wrong. */
  readonly notice = signal<Line | null>(null)
  readonly unread = computed(() => [...this.open.value.values()].reduce((sum, room) => sum + room.unread.value, 0))
  readonly link = new Link(recall("token"), () => this.#tokenRefused(), () => this.#keepWord())
  readonly mentions = new Mentions()
  #away = false

  start(): void {
    window.addEventListener("hashchange", () => this.#arrive(placeInAddress()))
    window.addEventListener("online", () => this.link.hurry())
    window.addEventListener("offline", () => this.link.doubt())
    document.addEventListener("visibilitychange", () => document.hidden || this.#lookedAt())
    onRemembered((key, value) => key === "token" && this.#follow(value))
    watchAttention((away) => this.#tellStatus(away))
    this.link.connect()
    this.#arrive(placeInAddress())
    showInAddress(placeInAddress(), false)
    for (const room of [...roomsWithUnsent(), ...roomsWithRemovals()]) this.#opened(room)
    effect(() => {
      if (this.link.state.value === "open") void this.refreshDirectory()
    })
    watchForNewer(computed(() => this.link.state.value === "open"))
    onNotificationClick((address) => (location.href = address))
    setInterval(() => document.hidden || void this.refreshDirectory(), 60_000)
  }

  /** Goes into a room, or to what was said there as event `seq`. The browser's way back leads to where one was. */
  enter(room: string, seq: number | null = null): void {
    this.#arrive({ room, seq })
    showInAddress({ room, seq }, true)
  }

  /** One reads on from the newest, so the address says no more than the room. */
  leaveTarget(): void {
    showInAddress({ room: this.room.value, seq: null }, false)
  }

  /** A room is joined the first time and kept warm from then on. */
  #arrive({ room: name, seq }: Place): void {
    const left = this.open.value.get(this.room.value)
    if (name !== this.room.value) {
      left?.typing.stopped()
      left?.turnAway()
    }
    this.#opened(name)
    this.room.value = name
    this.notice.value = null
    this.target.value = seq === null ? null : { room: name, seq }
  }

  async identify(name: string): Promise<void> {
    const reply = await this.#anyRoom().ask<{ user: User; token: string }>("identify", { name })
    this.#iAm(reply.user)
    remember("token", reply.token)
    this.link.keepToken(reply.token)
  }

  /** Gives the name back and stays as a visitor. */
  leave(): void {
    this.#keepWord()
    for (const room of this.open.value.values()) {
      room.posting.clear()
      room.draft.value = ""
    }
    clearShelves()
    forgetRemovals()
    void forgetRooms()
    forgetAll("draft.")
    this.#forgetMe()
    this.link.again()
  }

  async create(name: string, topic: string): Promise<void> {
    await createRoom(name, topic, recall("token") ?? "")
    void this.refreshDirectory()
    this.enter(name)
  }

  async refreshDirectory(): Promise<void> {
    // A list that is a minute old is better than none.
    this.directory.value = await listRooms().catch(() => this.directory.value)
    for (const room of worthWarming(this.directory.value, this.open.value, readUpTo)) this.#opened(room)
    keepDirectory(this.directory.value)
  }

  /** What the room says of itself, or the list of rooms of it. */
  topicOf({ name, topic }: Room): string {
    return topic.value || this.directory.value.find((room) => room.name === name)?.topic || ""
  }

  /** Whether something happened in a room that was visited before, and isn't open in this page. */
  hasNews({ name, last_seq = 0 }: RoomSummary): boolean {
    return !this.open.value.has(name) && last_seq > (readUpTo(name) ?? Infinity)
  }

  /** Runs what may be refused, and tells the person why it was. */
  async attempt(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action()
      this.notice.value = null
      return true
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      this.#tell(error.refusal.reason)
      return false
    }
  }

  /** Somebody is back, and the room they were told of elsewhere may be a new one. */
  #lookedAt(): void {
    this.link.doubt()
    void this.refreshDirectory()
  }

  #tell(reason: string): void {
    this.notice.value = refusal(reason)
  }

  /** What was deleted a moment ago goes without the time to change one's mind. */
  #keepWord(): void {
    for (const room of this.open.value.values()) room.removing.hurry()
  }

  #opened(name: string): Room {
    if (this.#isOpen(name)) return this.open.value.get(name)!
    const owner = {
      me: () => this.me.value,
      isAway: () => this.#away,
      joinedAs: (user: User | null) => this.#joinedAs(user),
      refused: (reason: string) => this.#tell(reason),
      heard: (room: string, message: Message) => this.mentions.heard(room, message, this.me.value),
    }
    const room = new Room(name, this.link, owner)
    this.open.value = new Map(this.open.value).set(name, room)
    haveAtHand(room)
    if (this.me.value) room.speakAs(this.me.value.id)
    return room
  }

  /** A room that was missing may have been made since. */
  #isOpen(name: string): boolean {
    const phase = this.open.value.get(name)?.phase.value
    return phase !== undefined && phase !== "missing" && phase !== "refused"
  }

  #anyRoom(): Room {
    const rooms = [...this.open.value.values()]
    return rooms.find((room) => room.phase.value === "open") ?? this.#opened("lobby")
  }

  #joinedAs(user: User | null): void {
    if (user && user.id === this.me.value?.id && user.name === this.me.value.name) return
    if (user) return this.#iAm(user)
    const had = this.me.value?.name ?? recall("name")
    if (this.link.hasToken) {
      this.#forgetMe()
      this.nameHint.value = ({ name }) => (had ? name.takenMeanwhile(had) : name.thatTaken)
    } else if (this.me.value) {
      // The connection broke before the token came: whoever this was, the server doesn't know them any more.
      this.#forgetMe()
      this.nameHint.value = ({ name }) => name.stillAfterLoss(had ?? "")
    }
  }

  #tokenRefused(): void {
    const had = recall("name")
    this.#forgetMe()
    this.nameHint.value = ({ name }) => (had ? name.stillAfterLong(had) : name.awayForLong)
    this.link.again()
  }

  /** Another tab of this browser took a name, or gave it back: one browser is one person. */
  #follow(token: string | null): void {
    this.link.keepToken(token)
    const me = token === null ? null : recallMe()
    if (me) this.#iAm(me)
    else this.me.value = null
    this.link.again()
  }

  #iAm(user: User): void {
    this.me.value = user
    this.nameHint.value = null
    remember("name", user.name)
    remember("me", JSON.stringify(user))
    for (const room of this.open.value.values()) room.speakAs(user.id)
    if (this.#away) this.#tellStatus(true)
  }

  #forgetMe(): void {
    remember("me", null)
    remember("token", null)
    this.link.keepToken(null)
    this.me.value = null
  }

  #tellStatus(away: boolean): void {
    this.#away = away
    for (const room of this.open.value.values()) room.tell("status", { status: away ? "away" : "online" })
    this.current.value.wasHere()
  }
}

/** The last event that was seen of a room; null when one never was there. */
function readUpTo(room: string): number | null {
  const read = recall(`read.${room}`)
  return read === null ? null : Number(read)
}

/** Whom this browser was last time, until the server says so again: one can write before it does. */
function recallMe(): User | null {
  try {
    return recall("token") === null ? null : (JSON.parse(recall("me") ?? "null") as User | null)
  } catch {
    return null
  }
}
