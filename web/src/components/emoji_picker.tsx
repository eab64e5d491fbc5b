import { useLayoutEffect, useRef } from "preact/hooks"
import { words } from "../language/language"
import { emoji } from "../model/emoji"
import { beside } from "../model/placing"

const gap = 4

/** Emoji to react with, beside the message and not over it. */
export function ReactionPicker({ onPick }: { onPick: (emoji: string) => void }) {
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const menu = box.current!
    const bar = menu.parentElement!.getBoundingClientRect()
    const row = menu.closest("article")!.getBoundingClientRect()
    const log = menu.closest("[role=log]")!.getBoundingClientRect()
    const both = { top: Math.min(row.top, bar.top), bottom: Math.max(row.bottom, bar.bottom) }
    menu.style.top = `${beside(both, log, menu.offsetHeight + 2 * gap) + gap - bar.top}px`
    menu.querySelector("button")!.focus()
  }, [])
  return (
    <div ref={box} class="absolute right-0">
      <EmojiChoice label={words().actions.chooseReaction} onPick={onPick} />
    </div>
  )
}

interface Choice {
  label: string
  onPick: (emoji: string) => void
}

/** A small choice of emoji. */
export function EmojiChoice({ label, onPick }: Choice) {
  return (
    <div
      class="grid w-max grid-cols-8 gap-0.5 rounded-xl border border-line bg-raised p-1.5 shadow-float max-sm:grid-cols-6"
      role="group"
      aria-label={label}
    >
      {emoji.map(([character, name]) => (
        <button
          key={character}
          type="button"
          class="grid size-9 place-items-center pointer-coarse:size-11 rounded-lg text-xl hover:bg-press"
          aria-label={words().emoji[name]}
          title={words().emoji[name]}
          onClick={() => onPick(character)}
        >
          {character}
        </button>
      ))}
    </div>
  )
}
