import type { RefObject } from "preact"
import { useEffect } from "preact/hooks"

/** Calls `left` for each press and each focus outside of a box. Focus that goes nowhere isn't leaving: the button that had it has just been replaced. */
export function useLeaving(box: RefObject<HTMLElement | null>, left: () => void): void {
  useEffect(() => {
    const leave = ({ target }: Event) => box.current?.contains(target as Node) || left()
    document.addEventListener("pointerdown", leave)
    document.addEventListener("focusin", leave)
    return () => {
      document.removeEventListener("pointerdown", leave)
      document.removeEventListener("focusin", leave)
    }
  }, [])
}
