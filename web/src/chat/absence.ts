import { computed, type ReadonlySignal, signal } from "@preact/signals"
import { membersOf } from "../connection/rest"
import { type Absent, absent } from "../model/absent"
import type { Member } from "../model/members"

/** Who was in a room and isn't now: those who left before one's eyes, and, once somebody looks, those before them. */
export class Absence {
  readonly people = computed(() => absent([...this.#left.value, ...this.#known.value], this.present.value))
  readonly hasMore = computed(() => this.#next.value !== null)
  readonly #left = signal<readonly Absent[]>([])
  readonly #known = signal<readonly Absent[]>([])
  readonly #next = signal<string | null>(null)

  constructor(
    private readonly room: string,
    private readonly present: ReadonlySignal<readonly Member[]>,
  ) {}

  async load(): Promise<void> {
    await this.#take(null, [])
  }

  async loadMore(): Promise<void> {
    await this.#take(this.#next.value, this.#known.value)
  }

  /** Those who were `before`, and aren't among those who are `now`, have just left. */
  changed(before: readonly Member[], now: readonly Member[]): void {
    const here = new Set(now.map(({ id }) => id))
    const lastSeenAt = new Date()
    const left = before.filter(({ id }) => !here.has(id)).map(({ id, name, avatar }) => ({ id, name, avatar, lastSeenAt }))
    if (left.length > 0) this.#left.value = [...left, ...this.#left.value].slice(0, mostLeft)
  }

  async #take(before: string | null, known: readonly Absent[]): Promise<void> {
    const { members, next } = await membersOf(this.room, before)
    const more = members.map(({ id, name, avatar, last_seen_at }) => {
      return { id, name, avatar: avatar ?? null, lastSeenAt: new Date(last_seen_at) }
    })
    this.#known.value = [...known, ...more]
    this.#next.value = next
  }
}

const mostLeft = 500
