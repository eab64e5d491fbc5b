import type { Meta } from "./contract"

/** Somebody who is in the room, with however many tabs. */
export interface Member {
  id: string
  name: string
  avatar: string | null
  away: boolean
  /** When the first of their tabs came (milliseconds since 1970). */
  onlineAt: number
}

/** One member of a presence entry: away only when every tab of theirs is. */
export function member(id: string, metas: readonly Meta[]): Member {
  const newest = metas.at(-1)
  return {
    id,
    name: newest?.name ?? id,
    avatar: newest?.avatar ?? null,
    away: metas.length > 0 && metas.every((meta) => meta.status === "away"),
    onlineAt: Math.min(...metas.map(({ online_at }) => Number(online_at) * 1000)),
  }
}

// Making one for each comparison would take seconds in a room of thousands.
const byName = new Intl.Collator()

/** Online before away, and each by name, as one would look somebody up. */
export function inOrder(members: readonly Member[]): Member[] {
  return [...members].sort(
    (a, b) => Number(a.away) - Number(b.away) || byName.compare(a.name, b.name) || byName.compare(a.id, b.id),
  )
}
