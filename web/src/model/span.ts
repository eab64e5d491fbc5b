/** Which of the messages held are drawn: those from index `from` up to, and without, `to`. */
export interface Span {
  from: number
  to: number
}

type Numbered = { seq: number }

/** The place at the newest message, which moves on with it. */
export const theEnd = Infinity

const stray = 8
const shortestRow = 28
const nearEdge = 100

/** As many messages as a screen of that height can hold at most. */
export function screenful(height: number): number {
  return Math.ceil(height / shortestRow)
}

/**
 * The screen that begins at event `around`, or the last one, with one and a half before it and one after it. The first
 * `waiting` messages are left out: how they are drawn depends on what comes before them.
 */
export function spanAround(messages: readonly Numbered[], around: number, screen: number, waiting = 0): Span {
  const at = Math.min(indexOf(messages, around), messages.length - screen)
  const before = Math.ceil(1.5 * screen)
  return { from: Math.min(Math.max(waiting, at - before), messages.length), to: Math.min(messages.length, Math.max(0, at) + 2 * screen) }
}

/** Whether an eye on event `seq` has gone so far from `around` that the span should follow. */
export function hasStrayed(messages: readonly Numbered[], around: number, seq: number): boolean {
  return Math.abs(indexOf(messages, around) - indexOf(messages, seq)) > stray
}

/** Whether the eye will soon want what comes before the messages held. */
export function nearsStart(messages: readonly Numbered[], seq: number): boolean {
  return indexOf(messages, seq) < nearEdge
}

/** Whether the eye will soon want what comes after the messages held. */
export function nearsEnd(messages: readonly Numbered[], seq: number): boolean {
  return messages.length - indexOf(messages, seq) < nearEdge
}

/** The index of the first message at or after event `seq`. */
function indexOf(messages: readonly Numbered[], seq: number): number {
  let [low, high] = [0, messages.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (messages[middle]!.seq < seq) low = middle + 1
    else high = middle
  }
  return low
}
