import type { Words } from "../language/english"
import type { User } from "./contract"

/** Who is writing, and until when we believe it without news (milliseconds since 1970). */
export type Typists = ReadonlyMap<string, { name: string; until: number }>

export const believedFor = 5000

export function heard(typists: Typists, user: User, typing: boolean, now: number): Typists {
  const heard = new Map(typists)
  if (typing) heard.set(user.id, { name: user.name, until: now + believedFor })
  else heard.delete(user.id)
  return heard
}

export function stillTyping(typists: Typists, now: number): Typists {
  const still = new Map([...typists].filter(([, { until }]) => until > now))
  return still.size === typists.size ? typists : still
}

/** "Ada is typing…", "Ada and Bo are typing…", "Ada, Bo and 3 others are typing…"; nothing when nobody is. */
export function typingLine(typists: Typists, { people }: Words): string {
  const names = [...typists.values()].map(({ name }) => name)
  return names.length === 0 ? "" : people.typing(names.slice(0, 2), Math.max(0, names.length - 2))
}
