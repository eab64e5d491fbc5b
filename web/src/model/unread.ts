/**
 * How far somebody has read a room, and where the line "new" stands. The line stays where it was
 * put while one catches up, so that it doesn't run away from the eye.
 */
export interface Reading {
  /** The last event seen. */
  seen: number
  /** The line stands after this event; null when there is none. */
  line: number | null
}

/** Entering a room with what was remembered of it; a first visit starts with all of it read. */
export function entered(remembered: number | null, newest: number): Reading {
  const seen = Math.min(remembered ?? newest, newest)
  return { seen, line: seen < newest ? seen : null }
}

/** Something arrived: seen at once when somebody is looking, else it goes below the line. */
export function arrived(reading: Reading, seq: number, looking: boolean): Reading {
  if (looking) return { ...reading, seen: Math.max(reading.seen, seq) }
  return reading.line === null ? { ...reading, line: reading.seen } : reading
}

/** Somebody looks at the newest message; the line stays. */
export function caughtUp(reading: Reading, newest: number): Reading {
  return newest > reading.seen ? { ...reading, seen: newest } : reading
}

/** Somebody answered, or turned away with all of it read: the line has done its work. */
export function lineGone(reading: Reading): Reading {
  return reading.line === null ? reading : { ...reading, line: null }
}

/** How many of these messages, by others, are not seen yet. */
export function unreadCount(
  reading: Reading,
  messages: readonly { seq: number; user: { id: string } }[],
  me: string | null,
): number {
  let count = 0
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at]!
    if (message.seq <= reading.seen) break
    if (message.user.id !== me) count++
  }
  return count
}
