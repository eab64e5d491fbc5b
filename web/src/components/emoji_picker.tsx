import { useEffect, useRef } from "preact/hooks"
import { words } from "../language/language"
import { emoji } from "../model/emoji"

/** A small choice of emoji; opens upwards where there is no room below. */
export function EmojiPicker({ onPick }: { onPick: (emoji: string) => void }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const menu = box.current!
    const log = menu.closest("[role=log]")!.getBoundingClientRect()
    if (menu.getBoundingClientRect().bottom > log.bottom) menu.classList.add("bottom-full", "mb-1")
    else menu.classList.add("mt-1")
    menu.querySelector("button")!.focus()
  }, [])
  return (
    <div
      ref={box}
      class="absolute grid pointer-coarse:left-0 pointer-fine:right-0 w-max grid-cols-8 gap-0.5 rounded-xl border border-line bg-raised p-1.5 shadow-float max-sm:grid-cols-6"
      role="group"
      aria-label={words().actions.chooseReaction}
    >
      {emoji.map(([character, name]) => (
        <button
          key={character}
          type="button"
          class="grid size-9 place-items-center rounded-lg text-xl hover:bg-press"
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
