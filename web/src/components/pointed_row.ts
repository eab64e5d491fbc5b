import { useSignal } from "@preact/signals"
import { useRef } from "preact/hooks"
import { isTouch } from "./screen"

const stillAfter = 120

/** The key of the row that the mouse, a finger or the keyboard is at; rows that scroll past under a mouse don't count. */
export function usePointedRow() {
  const key = useSignal<string | null>(null)
  const under = useRef<string | null>(null)
  const pressed = useRef<string | null>(null)
  const moving = useRef<ReturnType<typeof setTimeout> | null>(null)
  const point = ({ target }: Event) => {
    const row = (target as Element).closest<HTMLElement>("[data-key]")
    if (row) key.value = row.dataset.key!
  }
  const stopped = () => {
    moving.current = null
    if (under.current) key.value = under.current
  }
  return {
    key,
    scrolled() {
      if (moving.current) clearTimeout(moving.current)
      moving.current = setTimeout(stopped, stillAfter)
    },
    events: {
      onPointerOver(event: PointerEvent) {
        if (event.pointerType !== "mouse" || isTouch.value) return
        under.current = (event.target as Element).closest<HTMLElement>("[data-key]")?.dataset.key ?? null
        if (!moving.current) point(event)
      },
      onPointerLeave({ pointerType }: PointerEvent) {
        // A finger that is lifted has tapped, and not gone.
        if (pointerType !== "mouse") return
        under.current = key.value = null
      },
      onPointerDown() {
        pressed.current = key.value
      },
      /** A second tap takes it back. */
      onClick(event: Event) {
        const { target } = event
        const again = isTouch.value && (target as Element).closest<HTMLElement>("[data-key]")?.dataset.key === pressed.current
        if (again && !(target as Element).closest("button, a")) key.value = null
        else point(event)
      },
      onFocusIn: point,
      /** Whoever goes on elsewhere is done with the row, unless the mouse is still over one. */
      onFocusOut({ relatedTarget, currentTarget }: FocusEvent) {
        if (relatedTarget && !(currentTarget as Element).contains(relatedTarget as Element)) key.value = under.current
      },
    },
  }
}
