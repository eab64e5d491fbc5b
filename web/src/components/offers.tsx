import type { ComponentChildren } from "preact"
import { words } from "../language/language"
import { isOutdated } from "../shell/newer"
import { useChat } from "./chat_context"

/** What the page offers by itself, quietly, above the composer. */
export function Offers() {
  const { mentions } = useChat()
  return (
    <>
      {isOutdated.value && (
        <Offer line={words().offers.newer}>
          <button type="button" class="plain text-accent" onClick={() => location.reload()}>
            {words().offers.reload}
          </button>
          <button type="button" class="plain" onClick={() => (isOutdated.value = false)}>
            {words().offers.later}
          </button>
        </Offer>
      )}
      {mentions.asks.value && (
        <Offer line={words().offers.mentions}>
          <button type="button" class="plain text-accent" onClick={() => void mentions.accept()}>
            {words().offers.yes}
          </button>
          <button type="button" class="plain" onClick={() => mentions.decline()}>
            {words().offers.no}
          </button>
        </Offer>
      )}
    </>
  )
}

function Offer({ line, children }: { line: string; children: ComponentChildren }) {
  return (
    <div class="mb-2 flex flex-wrap items-center justify-end gap-x-1 rounded-xl border border-line bg-raised py-1 pr-1 pl-4" role="status">
      <p class="min-w-48 flex-1 py-1">{line}</p>
      <div class="flex">{children}</div>
    </div>
  )
}
