import { signal } from "@preact/signals"
import type { TargetedMouseEvent } from "preact"
import type { User } from "../model/contract"
import { lazily } from "./lazily"

const UserCard = lazily(async () => (await import("./user_card")).UserCard)

/** Whose card lies open, and beside what. */
const open = signal<{ user: User; beside: DOMRect } | null>(null)

/** What a click on somebody does. */
export function showCard(user: User) {
  return ({ currentTarget }: TargetedMouseEvent<HTMLElement>) => {
    open.value = { user, beside: currentTarget.getBoundingClientRect() }
  }
}

export function Card() {
  return open.value && <UserCard key={open.value.user.id} {...open.value} onClose={() => (open.value = null)} />
}
