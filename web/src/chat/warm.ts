import type { RoomSummary } from "../model/contract"

const mostWarm = 10

/**
 * Which rooms to join behind the one that somebody is in: those they have been to, those with news first. A warm room
 * counts what is new in it, and is there at once when one goes in.
 */
export function worthWarming(
  rooms: readonly RoomSummary[],
  open: ReadonlyMap<string, unknown>,
  readUpTo: (room: string) => number | null,
): string[] {
  const visited = rooms.filter(({ name }) => !open.has(name) && readUpTo(name) !== null)
  const news = ({ name, last_seq = 0 }: RoomSummary) => last_seq > readUpTo(name)!
  return [...visited.filter(news), ...visited.filter((room) => !news(room))]
    .slice(0, Math.max(0, mostWarm - open.size))
    .map(({ name }) => name)
}
