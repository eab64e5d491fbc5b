import type { MemberPage, Page, RoomSummary, SearchHit } from "../model/contract"
import { Refused } from "./ask"

export async function listRooms(): Promise<RoomSummary[]> {
  const { channels } = await request<{ channels: RoomSummary[] }>("/api/channels")
  return channels
}

export async function createRoom(name: string, topic: string, token: string): Promise<void> {
  await request("/api/channels", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify(topic ? { name, topic } : { name }),
  })
}

export async function search(words: string, room: string | null, signal: AbortSignal): Promise<SearchHit[]> {
  const query = new URLSearchParams(room ? { q: words, channel: room } : { q: words })
  const { results } = await request<{ results: SearchHit[] }>(`/api/search?${query}`, { signal })
  return results
}

/** Who comes to the room, whoever was there last first; `before` is what the page before called `next`. */
export function membersOf(room: string, before: string | null): Promise<MemberPage> {
  return request(`/api/channels/${room}/members${before === null ? "" : `?${new URLSearchParams({ before })}`}`)
}

/** The oldest messages that are newer than event `after`. */
export function messagesAfter(room: string, after: number, limit: number): Promise<Page> {
  return request(`/api/channels/${room}/messages?after=${after}&limit=${limit}`)
}

async function request<Answer>(address: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(address, init).catch((error: unknown) => gaveUp(init, error, "offline"))
  const answer = await response.json().catch((error: unknown) => gaveUp(init, error, response.ok ? "offline" : "unavailable"))
  if (response.ok) return answer
  throw new Refused(answer.error ?? { reason: "unavailable" })
}

/** Nothing came, or not all of it: a server that dies breaks off in the midst of an answer. */
function gaveUp(init: RequestInit | undefined, error: unknown, reason: string): never {
  throw init?.signal?.aborted ? error : new Refused({ reason })
}
