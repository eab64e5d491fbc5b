/** Close codes that tell what to do next (RFC 6455, and IANA's list of them). */
export const closedBy = { nobody: 1006, policy: 1008, crash: 1011, restart: 1012, overload: 1013 } as const

type Window = readonly [least: number, most: number]

const first: Record<number, Window> = {
  [closedBy.crash]: [1000, 3000],
  [closedBy.restart]: [300, 5000],
  [closedBy.overload]: [2000, 8000],
}
const windows: readonly Window[] = [[100, 1000], [500, 2000], [1000, 4000]]
const atLast: Window = [2000, 6000]
const asleep: Window = [10_000, 20_000]

/**
 * How long to wait before connecting again, in milliseconds: somewhere in a window, so that ten thousand pages that
 * were cut off together don't come back together. A server that said why it hung up gets the time it needs; one that
 * stays away is asked less often.
 */
export function pause(code: number, failures: number, random = Math.random()): number {
  const [least, most] = (failures === 0 && first[code]) || (failures > 20 ? asleep : (windows[failures] ?? atLast))
  return least + random * (most - least)
}
