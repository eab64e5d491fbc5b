import { useSignal } from "@preact/signals"
import type { RefObject } from "preact"
import { useEffect, useLayoutEffect, useRef } from "preact/hooks"

const nearEnd = 60

interface Noted {
  /** The first row in sight, and how far below the top edge it was. */
  key: string | null
  rowTop: number
  top: number
}

interface Goal {
  key: string
  reached: (row: HTMLElement) => void
}

/**
 * Keeps what one reads where it is. At the end, the log follows what is new; anywhere else, the row
 * at the top stays put, whatever is added, removed or grows above it. `seen` hears which event is at
 * the top edge, and whether one is at the end, which is one's own `isEnd` too.
 */
export function useLogScroll(
  log: RefObject<HTMLDivElement | null>,
  isEnd: () => boolean,
  seen: (seq: number | null, atEnd: boolean) => void,
) {
  const atEnd = useSignal(true)
  const noted = useRef<Noted>({ key: null, rowTop: 0, top: 0 })
  const goal = useRef<Goal | null>(null)

  /** Remembers where one is. Whoever moves up by a hair wants to leave the end. */
  const note = () => {
    const box = log.current
    if (!box || goal.current) return
    const left = box.scrollHeight - box.scrollTop - box.clientHeight
    const movesUp = box.scrollTop < noted.current.top - 1
    atEnd.value = isEnd() && left < (movesUp ? 2 : nearEnd)
    const row = firstVisible(box, "[data-key]")
    noted.current = { key: row?.dataset.key ?? null, rowTop: row ? topOf(box, row) : 0, top: box.scrollTop }
    const message = firstVisible(box, "[data-seq]")
    seen(message ? Number(message.dataset.seq) : null, atEnd.peek())
  }
  /** Puts things back in place after something changed its height or its neighbours. */
  const settle = () => {
    const box = log.current
    if (!box) return
    const aim = goal.current && rowOf(box, goal.current.key)
    if (aim) return arrive(box, aim)
    if (goal.current) return
    const { key, rowTop, top } = noted.current
    // The browser may have moved without having told us yet: because somebody did, or because the log got shorter.
    const moved = box.scrollTop - top
    const movedUp = moved < -1 && box.scrollHeight - box.scrollTop - box.clientHeight > 1
    const row = key === null ? null : rowOf(box, key)
    if (atEnd.peek() && isEnd() && !movedUp) box.scrollTop = box.scrollHeight
    else if (row) {
      const shift = topOf(box, row) - (rowTop - moved)
      if (Math.abs(shift) >= 1) box.scrollTop += shift
    }
    note()
  }
  const arrive = (box: HTMLElement, row: HTMLElement) => {
    const { reached } = goal.current!
    goal.current = null
    box.scrollTop += topOf(box, row) - box.clientHeight / 3
    note()
    reached(row)
  }

  useLayoutEffect(() => {
    settle()
    if (!goal.current) return
    // What isn't drawn by now isn't there.
    goal.current = null
    settle()
  })
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
    /** Goes to the end, now or as soon as it is drawn. */
    toEnd() {
      goal.current = null
      atEnd.value = true
      settle()
    },
    /** Brings a row to the upper third, now or as soon as it is drawn, and reads on from there. */
    toRow(key: string, reached: (row: HTMLElement) => void = () => undefined) {
      goal.current = { key, reached }
      atEnd.value = false
      settle()
    },
    /** Whether a row is drawn, and not above the top edge. */
    isInSight(key: string): boolean {
      const row = rowOf(log.current!, key)
      return row !== null && topOf(log.current!, row) >= 0
    },
  }
}

function topOf(box: HTMLElement, row: HTMLElement): number {
  return row.getBoundingClientRect().top - box.getBoundingClientRect().top
}

function rowOf(box: HTMLElement, key: string): HTMLElement | null {
  return box.querySelector(`[data-key="${CSS.escape(key)}"]`)
}

function firstVisible(box: HTMLElement, which: string): HTMLElement | undefined {
  const rows = box.querySelectorAll<HTMLElement>(which)
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const row = rows[middle]!
    if (topOf(box, row) + row.offsetHeight > 0) high = middle
    else low = middle + 1
  }
  return rows[low]
}
