import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { words } from "../language/language"
import { EmojiChoice } from "./emoji_picker"
import { IconButton } from "./icon"
import { useLeaving } from "./leaving"

/** Emoji to write with, for those who don't know them by name. */
export function EmojiButton({ onPick }: { onPick: (emoji: string) => void }) {
  const open = useSignal(false)
  const box = useRef<HTMLDivElement>(null)
  const menu = useRef<HTMLDivElement>(null)
  const close = () => void (open.value = false)
  useLeaving(box, close)
  useEffect(() => menu.current?.querySelector("button")?.focus(), [open.value])
  const pick = (emoji: string) => {
    close()
    onPick(emoji)
  }
  return (
    <div ref={box}>
      <IconButton icon="emoji" label={words().composer.chooseEmoji} expanded={open.value} round onClick={() => (open.value = !open.value)} />
      {open.value && (
        <div ref={menu} class="absolute right-1 bottom-full z-20 mb-2">
          <EmojiChoice label={words().composer.chooseEmoji} onPick={pick} />
        </div>
      )}
    </div>
  )
}
