import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { addressOf } from "../chat/address"
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

/** The server finds so many at the most. */
const most = 50

export function SearchPanel({ onChosen }: { onChosen: () => void }) {
  const chat = useChat()
  const searched = useSignal("")
  const here = useSignal(false)
  const hits = useSignal<SearchHit[] | null>(null)
  const trouble = useSignal<Line | null>(null)
  const room = here.value ? chat.room.value : null

  useEffect(() => {
    if (searched.value.trim() === "") {
      hits.value = trouble.value = null
      return
    }
    const stop = new AbortController()
    const timer = setTimeout(async () => {
      try {
        hits.value = await search(searched.value.trim(), room, stop.signal)
        trouble.value = null
      } catch (error) {
        if (error instanceof Refused) trouble.value = refusal(error.refusal.reason)
      }
    }, 200)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [searched.value, room])

  return (
    <div class="flex max-h-[80dvh] flex-col" onKeyDown={walk}>
      <div class="border-b border-line px-5 pb-3">
        <label class="pane-title -mx-5" for="search">
          {words().search.title}
        </label>
        <input
          id="search"
          type="search"
          class="field"
          placeholder={words().search.placeholder}
          ref={focus}
          value={searched.value}
          onInput={(event) => (searched.value = event.currentTarget.value)}
        />
        <div class="mt-3 flex min-h-6 flex-wrap items-center pointer-coarse:mt-1 pointer-coarse:min-h-11 gap-x-4 text-small">
          <label class="flex items-center gap-2 py-0.5 pointer-coarse:py-3">
            <input type="checkbox" class="size-4" checked={here.value} onChange={(event) => (here.value = event.currentTarget.checked)} />
            {words().search.onlyIn(chat.room.value)}
          </label>
          <p class="ml-auto text-quiet" role="status">
            {hits.value !== null && hits.value.length > 0 && words().search.found(hits.value.length, hits.value.length >= most)}
          </p>
        </div>
      </div>
      <div class="min-h-0 overflow-y-auto px-3 py-2">
        {trouble.value && <p class="px-2 py-3 text-danger">{trouble.value(words())}</p>}
        {hits.value === null && !trouble.value && <p class="px-2 py-3 text-quiet">{words().search.hint}</p>}
        {hits.value?.length === 0 && <p class="px-2 py-3 text-quiet">{words().search.nothing}</p>}
        <ul>{hits.value?.map((hit) => <Hit key={hit.id} hit={hit} searched={searched.value} onChosen={onChosen} />)}</ul>
      </div>
    </div>
  )
}

function Hit({ hit, searched, onChosen }: { hit: SearchHit; searched: string; onChosen: () => void }) {
  const chat = useChat()
  const go = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    chat.enter(hit.channel, hit.seq)
    onChosen()
  }
  return (
    <li>
      <a
        href={addressOf(hit.channel, hit.seq)}
        class="flex gap-3 rounded-xl p-2 hover:bg-press focus-visible:bg-press focus-visible:-outline-offset-2"
        onClick={go}
      >
        <Avatar user={hit.user} size="small" />
        <span class="min-w-0 flex-1">
          <span class="flex gap-2 text-small text-quiet">
            <span class="truncate font-semibold text-ink">{hit.user.name}</span>
            <span class="truncate">#{hit.channel}</span>
            <span class="ml-auto flex-none">
              <Ago at={new Date(hit.inserted_at)} />
            </span>
          </span>
          <span class="line-clamp-2 break-words" dir="auto">
            {highlighted(hit.text, searched).map(({ text, hit }) => (hit ? <mark>{text}</mark> : text))}
          </span>
        </span>
      </a>
    </li>
  )
}

/** Arrow keys go from the words to what was found, and from one to the next. */
function walk(event: KeyboardEvent & { currentTarget: HTMLElement }) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (!step) return
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>("#search, li a")]
  const next = stops[stops.indexOf(document.activeElement as HTMLElement) + step]
  if (!next) return
  event.preventDefault()
  next.focus()
}

function focus(field: HTMLInputElement | null) {
  field?.focus()
}
