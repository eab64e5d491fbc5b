import { effect, type Signal, signal } from "@preact/signals"
import { recall, remember } from "../connection/keepsake"
import type { Message, User } from "../model/contract"
import { isMentioned } from "../model/mention"
import { mayNotify, notify } from "../shell/notify"
import { addressOf } from "./address"
import { chime } from "./chime"

const longest = 200

/**
 * Tells somebody who looks elsewhere that they were mentioned: by the desktop, by a sound, or not at all. Nobody is
 * asked before it happened for the first time.
 */
export class Mentions {
  /** Null until somebody has said whether they want it. */
  readonly notifies = choice("notify")
  readonly rings = choice("ring")
  /** Whether this is the moment to ask. */
  readonly asks = signal(false)

  heard(room: string, message: Message, me: User | null): void {
    if (me === null || message.deleted || !isMentioned(message.text, me.name)) return
    if (this.notifies.value === null && this.rings.value === null) this.asks.value = true
    if (!document.hidden || isToldElsewhere(message)) return
    if (this.notifies.value) void notify(call(room, message))
    if (this.rings.value) chime()
  }

  async accept(): Promise<void> {
    this.asks.value = false
    this.rings.value = true
    this.notifies.value = await mayNotify()
  }

  decline(): void {
    this.asks.value = this.rings.value = this.notifies.value = false
  }

  async setNotifies(wanted: boolean): Promise<void> {
    this.notifies.value = wanted && (await mayNotify())
  }

  setRings(wanted: boolean): void {
    this.rings.value = wanted
    if (wanted) chime()
  }
}

function call(room: string, { id, seq, user, text }: Message) {
  const characters = [...text]
  const body = characters.length > longest ? `${characters.slice(0, longest).join("")}…` : text
  return { title: `${user.name} · ${room}`, body, address: `/${addressOf(room, seq)}`, tag: id }
}

/** Several tabs hear the same, and one of them tells it. */
function isToldElsewhere({ id }: Message): boolean {
  if (recall("told") === id) return true
  remember("told", id)
  return false
}

function choice(key: string): Signal<boolean | null> {
  const kept = recall(key)
  const chosen = signal(kept === null ? null : kept === "yes")
  effect(() => {
    if (chosen.value !== null) remember(key, chosen.value ? "yes" : "no")
  })
  return chosen
}
