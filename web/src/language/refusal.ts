import type { Line, Words } from "./english"

export type Reason = keyof Words["refusal"]

/** Why the server said no, by its reason; one that this page doesn't know yet is a plain no. */
export function refusal(reason: string): Line {
  return ({ refusal }) => (Object.hasOwn(refusal, reason) ? refusal[reason as Reason] : refusal.unavailable)
}
