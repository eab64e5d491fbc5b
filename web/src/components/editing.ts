import { signal } from "@preact/signals"

/** The id of the message that is being edited, one at a time. */
export const editing = signal<string | null>(null)

const undoableFor = 8000

/** What edited messages said before, by their id, for as long as one may want it back. */
export const formerTexts = signal<ReadonlyMap<string, string>>(new Map())

export function offerFormerText(id: string, text: string): void {
  formerTexts.value = new Map(formerTexts.value).set(id, text)
  setTimeout(() => formerTexts.peek().get(id) === text && dropFormerText(id), undoableFor)
}

export function dropFormerText(id: string): void {
  formerTexts.value = new Map([...formerTexts.peek()].filter(([other]) => other !== id))
}
