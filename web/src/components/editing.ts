import { signal } from "@preact/signals"

/** The id of the message that is being edited, one at a time. */
export const editing = signal<string | null>(null)
