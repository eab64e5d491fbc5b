import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { Refused } from "../connection/ask"
import { search } from "../connection/rest"
import { words } from "../language/language"
import type { Line } from "../language/english"
import { refusal } from "../language/refusal"
import type { SearchHit } from "../model/contract"
import { highlighted } from "../model/highlight"
import { Avatar } from "./avatar"
import { useChat } from "./chat_context"
import { Ago } from "./clock"

export function SearchPanel({ onChosen }: { onChosen: () => void }) {
  const searched = useSignal("")
  const hits = useSignal<SearchHit[] | null>(null)
  const trouble = useSignal<Line | null>(null)

  useEffect(() => {
    if (searched.value.trim() === "") {
      hits.value = trouble.value = null
      return
    }
    const stop = new AbortController()
    const timer = setTimeout(async () => {
      try {
        hits.value = await search(searched.value.trim(), null, stop.signal)
        trouble.value = null
      } catch (error) {
        if (error instanceof Refused) trouble.value = refusal(error.refusal.reason)
      }
    }, 200)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [searched.value])

  return (
    <div class="flex max-h-[80dvh] flex-col p-4">
      <label class="mb-2 font-semibold" for="search">
        {words().search.title}
      </label>
      <input
        id="search"
        type="search"
        class="field"
        placeholder={words().search.placeholder}
        value={searched.value}
        onInput={(event) => (searched.value = event.currentTarget.value)}
      />
      <div class="mt-3 min-h-0 overflow-y-auto" aria-live="polite">
        {trouble.value && <p class="px-1 py-2 text-danger">{trouble.value(words())}</p>}
        {hits.value?.length === 0 && <p class="px-1 py-2 text-quiet">{words().search.nothing}</p>}
        <ul>{hits.value?.map((hit) => <Hit key={hit.id} hit={hit} searched={searched.value} onChosen={onChosen} />)}</ul>
      </div>
    </div>
  )
}

function Hit({ hit, searched, onChosen }: { hit: SearchHit; searched: string; onChosen: () => void }) {
  const chat = useChat()
  const go = () => {
    chat.enter(hit.channel, hit.seq)
    onChosen()
  }
  return (
    <li>
      <button type="button" class="flex w-full gap-3 rounded-xl p-2 text-left hover:bg-press" onClick={go}>
        <Avatar user={hit.user} small />
        <span class="min-w-0 flex-1">
          <span class="block truncate text-[0.8125rem] text-quiet">
            <span class="font-semibold text-ink">{hit.user.name}</span> {words().search.inRoom(hit.channel)}, <Ago at={new Date(hit.inserted_at)} />
          </span>
          <span class="line-clamp-2 break-words">
            {highlighted(hit.text, searched).map(({ text, hit }) =>
              hit ? <mark class="rounded bg-tint px-0.5 font-semibold text-accent-strong">{text}</mark> : text,
            )}
          </span>
        </span>
      </button>
    </li>
  )
}
