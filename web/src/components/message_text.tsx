import { signal } from "@preact/signals"
import type { ComponentChildren } from "preact"
import { mayHaveMarkup } from "../model/markup"
import { LinkedText } from "./linked_text"

type Markdown = typeof import("./markdown").Markdown

/** Comes with the first message that needs it. */
const markdown = signal<Markdown | null>(null)
let asked = false

async function ask(): Promise<void> {
  if (asked) return
  asked = true
  try {
    markdown.value = (await import("./markdown")).Markdown
  } catch {
    // Without a connection the text stays as it was written; the next message asks again.
    asked = false
  }
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
