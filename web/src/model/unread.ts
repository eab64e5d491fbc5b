/**
 * How far somebody has read a room, how much came since, and where the line "new" stands. The line stays where it
 * was put while one catches up, so that it doesn't run away from the eye.
 */
export interface Reading {
  /** The last event seen. */
  seen: number
  /** The line stands after this event; null when there is none. */
  line: number | null
  /** How many messages by others came after the last one seen. */
  unread: number
}

type Numbered = { seq: number; user: { id: string } }

export const nothingRead: Reading = { seen: 0, line: null, unread: 0 }

/** Entering a room with what was remembered of it; a first visit starts with all of it read. */
export function entered(remembered: number | null, newest: number, messages: readonly Numbered[], me: string | null): Reading {
  const seen = Math.min(remembered ?? newest, newest)
  const unread = messages.filter((message) => message.seq > seen && message.user.id !== me).length
  return { seen, line: seen < newest ? seen : null, unread }
}

/** Somebody else's message came: seen at once when somebody is looking, else it goes below the line. */
export function arrived(reading: Reading, seq: number, looking: boolean): Reading {
  if (seq <= reading.seen) return reading
  if (looking) return { ...reading, seen: seq, unread: 0 }
  return { ...reading, line: reading.line ?? reading.seen, unread: reading.unread + 1 }
}

/** More came than was told; the server knows how much of it is unread. */
export function missed(reading: Reading, unread: number): Reading {
  return { ...reading, line: reading.line ?? reading.seen, unread }
}

/** Somebody looks at the newest message; the line stays. */
export function caughtUp(reading: Reading, newest: number): Reading {
  return newest > reading.seen || reading.unread > 0 ? { ...reading, seen: Math.max(newest, reading.seen), unread: 0 } : reading
}

/** Somebody answered, or turned away with all of it read: the line has done its work. */
export function lineGone(reading: Reading): Reading {
  return reading.line === null ? reading : { ...reading, line: null }
}
