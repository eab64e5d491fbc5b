import { clear, createStore, del, entries, get, set, type UseStore } from "idb-keyval"
import type { Message } from "../model/contract"

/** A room as it was last seen: what it is about, and the newest that was said. */
export interface KeptRoom {
  topic: string
  messages: readonly Message[]
  /** When (milliseconds since 1970). */
  at: number
}

/** So much is kept: the newest messages of the rooms last seen. */
export const mostMessages = 100
export const mostRooms = 20

let opened: UseStore | undefined

function store(): UseStore {
  return (opened ??= createStore("chatter", "rooms"))
}

export async function keptRoom(name: string): Promise<KeptRoom | undefined> {
  return attempt(() => get<KeptRoom>(name, store()))
}

export async function keepRoom(name: string, { messages, ...room }: KeptRoom): Promise<void> {
  await attempt(async () => {
    await set(name, { ...room, messages: messages.slice(-mostMessages) }, store())
    const rooms = (await entries<string, KeptRoom>(store())).sort(([, a], [, b]) => b.at - a.at)
    for (const [name] of rooms.slice(mostRooms)) await del(name, store())
  })
}

export async function forgetRooms(): Promise<void> {
  await attempt(() => clear(store()))
}

/** A browser that forbids it, or is full, just forgets. */
async function attempt<Kept>(what: () => Promise<Kept>): Promise<Kept | undefined> {
  try {
    return await what()
  } catch {
    return undefined
  }
}
