/** The shapes that cross the wire, as the server's contract names them. */

export interface User {
  id: string
  name: string
  avatar?: string | null
  moderator?: boolean
}

export interface Reaction {
  emoji: string
  users: string[]
}

export interface Message {
  id: string
  seq: number
  user: User
  text: string
  inserted_at: string
  edited_at?: string | null
  deleted?: boolean
  reactions?: Reaction[]
  client_id?: string | null
}

export interface Edited {
  id: string
  seq: number
  text: string
  edited_at: string
}

export interface Deleted {
  id: string
  seq: number
}

export interface Reacted {
  id: string
  seq: number
  emoji: string
  user: User | string
  on: boolean
}

/** What changes a room for good: numbered per room, from 1, without gaps. */
export type RoomEvent =
  | ["new_message", Message]
  | ["message_edited", Edited]
  | ["message_deleted", Deleted]
  | ["reaction", Reacted]

export const roomEventNames = ["new_message", "message_edited", "message_deleted", "reaction"] as const

export interface Joined {
  room: string | { name: string; topic?: string | null }
  user: User | null
  last_seq: number
  messages?: Message[]
  events?: RoomEvent[]
  resumed?: boolean
}

export interface Posted {
  id: string
  seq: number
  inserted_at: string
}

export interface Page {
  messages: Message[]
  more: boolean
}

export interface Refusal {
  reason: string
  message?: string
  retry_after_ms?: number
}

export interface Typing {
  user: User
  typing: boolean
}

export interface Meta {
  phx_ref: string
  online_at?: string | number
  name: string
  status?: "online" | "away"
  avatar?: string | null
}

/** Somebody who comes to a room. */
export interface KnownMember extends User {
  last_seen_at: string
}

export interface MemberPage {
  members: KnownMember[]
  /** What to ask for next; null at the end. */
  next: string | null
}

export interface RoomSummary {
  name: string
  topic?: string | null
  last_seq?: number
  members?: number
}

export interface SearchHit extends Message {
  channel: string
}
