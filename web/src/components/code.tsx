import { signal } from "@preact/signals"
import type { ComponentChildren } from "preact"
import { useMemo } from "preact/hooks"

type Painter = (text: string) => ComponentChildren

/** By the name of a language; each comes with the first block that is written in it. */
const painters = signal<ReadonlyMap<string, Painter>>(new Map())
const asked = new Set<string>()

async function ask(language: string): Promise<void> {
  if (asked.has(language)) return
  asked.add(language)
  try {
    const painter = await (await import("./painter")).painterOf(language)
    if (painter) painters.value = new Map(painters.peek()).set(language, painter)
  } catch {
    // Without a connection the code stays plain; the next block asks again.
    asked.delete(language)
  }
}

/** A block of code, in colours once its language has come. */
export function Code({ text, language = "" }: { text: string; language?: string | undefined }) {
  const named = language.trim().split(/\s/)[0]!.toLowerCase()
  const paint = painters.value.get(named)
  if (named !== "" && !paint) void ask(named)
  const painted = useMemo(() => paint?.(text) ?? text, [paint, text])
  return (
    <pre class="my-1 overflow-x-auto rounded-xl border border-line bg-rail px-3 py-2 font-mono text-small" tabIndex={0} dir="ltr">
      <code>{painted}</code>
    </pre>
  )
}
