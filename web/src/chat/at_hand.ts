import { effect } from "@preact/signals"
import { recall, remember } from "../connection/keepsake"
import { keepRoom, keptRoom } from "../connection/kept_rooms"
import type { RoomSummary } from "../model/contract"
import type { Room } from "./room"

const calm = 1000
const mostListed = 200

/** Shows a room as an earlier visit saw it until it is joined, and keeps it for the next one from then on. */
export function haveAtHand(room: Room): void {
  void keptRoom(room.name).then((kept) => kept && room.showKept(kept))
  let timer: ReturnType<typeof setTimeout> | undefined
  effect(() => {
    if (room.history.value.seq !== null && room.isCurrent.value) timer ??= setTimeout(keep, calm)
  })
  const keep = () => {
    clearTimeout(timer)
    timer = undefined
    const { messages } = room.history.peek()
    if (room.isCurrent.peek()) void keepRoom(room.name, { topic: room.topic.peek(), messages, at: Date.now() })
  }
  window.addEventListener("pagehide", () => timer && keep())
}

export function keepDirectory(rooms: readonly RoomSummary[]): void {
  remember("rooms", JSON.stringify(rooms.slice(0, mostListed)))
}

export function keptDirectory(): readonly RoomSummary[] {
  try {
    return JSON.parse(recall("rooms") ?? "[]") as RoomSummary[]
  } catch {
    return []
  }
}
