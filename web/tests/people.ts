import type { Message, User } from "../src/model/contract"

export const ada: User = { id: "u-ada", name: "Ada", avatar: null }
export const bo: User = { id: "u-bo", name: "Bo", avatar: null }

/** Says something at a minute of the morning of 2 March 2026. */
export function said(seq: number, user: User, text: string, minute = seq, more: Partial<Message> = {}): Message {
  const inserted_at = new Date(2026, 2, 2, 9, minute).toISOString()
  return { id: `m${seq}`, seq, user, text, inserted_at, ...more }
}
