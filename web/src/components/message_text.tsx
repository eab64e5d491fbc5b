import { signal } from "@preact/signals"
import type { ComponentChildren } from "preact"
import { useRef } from "preact/hooks"
import type { Message } from "../model/contract"
import { mayHaveMarkup } from "../model/markup"
import { LinkedText } from "./linked_text"

type Markdown = typeof import("./markdown").Markdown

/** Comes with the first message that needs it. */
const markdown = signal<Markdown | null>(null)
const isOutOfReach = signal(false)
let asked = false

async function ask(): Promise<void> {
  if (asked) return
  asked = true
  try {
    markdown.value = (await import("./markdown")).Markdown
  } catch {
    // Without a connection the text stays as it was written; the next message asks again.
    asked = false
    isOutOfReach.value = true
  }
}

/** Whether these can be drawn as they will stay; once some could be, whatever comes is drawn at once. */
export function useLegible(messages: readonly Message[]): boolean {
  const was = useRef(false)
  if (was.current || messages.length === 0) return true
  const needsMarkup = messages.some(({ text }) => mayHaveMarkup(text))
  was.current = !needsMarkup || markdown.value !== null || isOutOfReach.value
  if (!was.current) void ask()
  return was.current
}

/** What somebody wrote, as they meant it to look, and `children` at its end. */
export function MessageText({ text, children }: { text: string; children?: ComponentChildren }) {
  if (mayHaveMarkup(text)) {
    const Markdown = markdown.value
    if (Markdown) return <Markdown text={text}>{children}</Markdown>
    void ask()
  }
  return (
    <p class="break-words whitespace-pre-wrap" dir="auto">
      <LinkedText text={text} />
      {children}
    </p>
  )
}
