import type { RefObject } from "preact"
import { useEffect, useLayoutEffect, useRef } from "preact/hooks"
import { useSignal } from "@preact/signals"

const nearEnd = 60
const nearStart = 900

/**
 * Keeps what one reads where it is. At the end, the log follows what is new; anywhere else, the row
 * at the top stays put, whatever is added, removed or grows above it.
 */
export function useLogScroll(log: RefObject<HTMLDivElement | null>, wantsOlder: () => void) {
  const atEnd = useSignal(true)
  const anchor = useRef<{ key: string; top: number } | null>(null)

  const settle = () => {
    const box = log.current
    if (!box) return
    if (atEnd.peek()) box.scrollTop = box.scrollHeight
    else if (anchor.current) {
      const row = rowOf(box, anchor.current.key)
      if (row) box.scrollTop += topOf(box, row) - anchor.current.top
    }
    if (box.scrollTop < nearStart) wantsOlder()
  }
  const note = () => {
    const box = log.current
    if (!box) return
    atEnd.value = box.scrollHeight - box.scrollTop - box.clientHeight < nearEnd
    const row = firstVisible(box)
    anchor.current = row ? { key: row.dataset.key!, top: topOf(box, row) } : null
    if (box.scrollTop < nearStart) wantsOlder()
  }

  useLayoutEffect(settle)
  useEffect(() => {
    const box = log.current!
    const watcher = new ResizeObserver(settle)
    watcher.observe(box)
    watcher.observe(box.firstElementChild!)
    return () => watcher.disconnect()
  }, [])

  return {
    atEnd,
    note,
    toEnd() {
      atEnd.value = true
      settle()
    },
    /** Brings a row to the upper third, and reads on from there. */
    toRow(key: string): boolean {
      const box = log.current
      const row = box && rowOf(box, key)
      if (!row) return false
      atEnd.value = false
      box.scrollTop += topOf(box, row) - box.clientHeight / 3
      note()
      return true
    },
  }
}

function topOf(box: HTMLElement, row: HTMLElement): number {
  return row.getBoundingClientRect().top - box.getBoundingClientRect().top
}

function rowOf(box: HTMLElement, key: string): HTMLElement | null {
  return box.querySelector(`[data-key="${CSS.escape(key)}"]`)
}

function firstVisible(box: HTMLElement): HTMLElement | undefined {
  const rows = box.querySelectorAll<HTMLElement>("[data-key]")
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const row = rows[middle]!
    if (topOf(box, row) + row.offsetHeight > 0) high = middle
    else low = middle + 1
  }
  return rows[low]
}
