import type { RefObject } from "preact"
import { useEffect, useLayoutEffect, useRef } from "preact/hooks"
import { useSignal } from "@preact/signals"

const nearEnd = 60
const nearStart = 900

interface Noted {
  /** The first row in sight, and how far below the top edge it was. */
  key: string | null
  rowTop: number
  top: number
  height: number
  shown: number
}

/**
 * Keeps what one reads where it is. At the end, the log follows what is new; anywhere else, the row
 * at the top stays put, whatever is added, removed or grows above it.
 */
export function useLogScroll(log: RefObject<HTMLDivElement | null>, wantsOlder: () => void) {
  const atEnd = useSignal(true)
  const noted = useRef<Noted>({ key: null, rowTop: 0, top: 0, height: 0, shown: 0 })

  /** Remembers where one is. Whoever moves up by a hair wants to leave the end. */
  const note = () => {
    const box = log.current
    if (!box) return
    const left = box.scrollHeight - box.scrollTop - box.clientHeight
    const movesUp = box.scrollTop < noted.current.top - 1
    atEnd.value = left < (movesUp ? 2 : nearEnd)
    const row = firstVisible(box)
    noted.current = {
      key: row?.dataset.key ?? null,
      rowTop: row ? topOf(box, row) : 0,
      top: box.scrollTop,
      height: box.scrollHeight,
      shown: box.clientHeight,
    }
    if (box.scrollTop < nearStart) wantsOlder()
  }
  /** Puts things back in place after something changed its height, and only then. */
  const settle = () => {
    const box = log.current
    if (!box) return
    const { key, rowTop, top, height, shown } = noted.current
    if (box.scrollHeight === height && box.clientHeight === shown) return
    // The browser may have moved without having told us yet.
    const moved = box.scrollTop - top
    const row = key === null ? null : rowOf(box, key)
    if (atEnd.peek() && moved >= -1) box.scrollTop = box.scrollHeight
    else if (row) box.scrollTop += topOf(box, row) - (rowTop - moved)
    note()
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
      log.current!.scrollTop = log.current!.scrollHeight
      note()
    },
    /** Brings a row to the upper third, and reads on from there. */
    toRow(key: string): boolean {
      const box = log.current
      const row = box && rowOf(box, key)
      if (!row) return false
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
