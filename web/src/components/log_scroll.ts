import { useSignal } from "@preact/signals"
import type { RefObject } from "preact"
import { useEffect, useLayoutEffect, useRef } from "preact/hooks"

const nearEnd = 60

interface Noted {
  /** The first message in sight, and how far below the top edge it was; a day's heading may go elsewhere. */
  key: string | null
  rowTop: number
  /** Where the log was, how long it was, and how much of it was in sight. */
  top: number
  length: number
  sight: number
}

interface Goal {
  key: string
  reached: (row: HTMLElement) => void
}

/**
 * Keeps what one reads where it is. At the end, the log follows what is new; anywhere else, the row
 * at the top stays put, whatever is added, removed or grows above it. `seen` hears which event is at
 * the top edge, and whether one is at the end, which is one's own `isEnd` too. The children of `list` lie one below the other; those with a key are rows.
 */
export function useLogScroll(
  log: RefObject<HTMLDivElement | null>,
  list: RefObject<HTMLDivElement | null>,
  isEnd: () => boolean,
  seen: (seq: number | null, atEnd: boolean) => void,
) {
  const atEnd = useSignal(true)
  const noted = useRef<Noted>({ key: null, rowTop: 0, top: 0, length: 0, sight: 0 })
  const goal = useRef<Goal | null>(null)

  /** Remembers where one is. Whoever moves up by a hair wants to leave the end. */
  const note = () => {
    const box = log.current
    if (!box || goal.current) return
    const { scrollTop: top, scrollHeight: length, clientHeight: sight } = box
    const movesUp = top < noted.current.top - 1
    atEnd.value = isEnd() && length - top - sight < (movesUp ? 2 : nearEnd)
    const edge = topOf(box)
    const row = firstBelow(list.current!, edge)
    noted.current = { key: row?.dataset.key ?? null, rowTop: row ? topOf(row) - edge : 0, top, length, sight }
    seen(row?.dataset.seq ? Number(row.dataset.seq) : null, atEnd.peek())
  }
  /** Puts things back in place after something changed its height or its neighbours. */
  const settle = () => {
    const box = log.current
    if (!box) return
    const aim = goal.current && rowOf(list.current!, goal.current.key)
    if (aim) return arrive(box, aim)
    if (goal.current) return
    const { key, rowTop, top, length } = noted.current
    // The browser may have moved without having told us yet: because somebody did, or because there was less to scroll.
    const moved = box.scrollTop - top
    const movedUp = moved < -1 && Math.min(length, box.scrollHeight) - box.scrollTop - box.clientHeight > 1
    const row = key === null ? null : rowOf(list.current!, key)
    if (atEnd.peek() && isEnd() && !movedUp) box.scrollTop = box.scrollHeight
    else if (row) {
      const shift = topOf(row) - topOf(box) - (rowTop - moved)
      if (Math.abs(shift) >= 1) box.scrollTop += shift
    }
    showBrowser()
    note()
  }
  const arrive = (box: HTMLElement, row: HTMLElement) => {
    const { reached } = goal.current!
    goal.current = null
    box.scrollTop += topOf(row) - topOf(box) - box.clientHeight / 3
    note()
    reached(row)
  }
  const isAsLong = ({ scrollHeight, clientHeight }: HTMLElement) =>
    scrollHeight === noted.current.length && clientHeight === noted.current.sight

  useLayoutEffect(() => {
    settle()
    if (!goal.current) return
    // What isn't drawn by now isn't there.
    goal.current = null
    settle()
  })
  useEffect(() => {
    const box = log.current!
    const watcher = new ResizeObserver(() => isAsLong(box) || settle())
    watcher.observe(box)
    watcher.observe(box.firstElementChild!)
    return () => watcher.disconnect()
  }, [])

  return {
    atEnd,
    /** For every event of scrolling: many come from having put things back in place, or before one could. */
    scrolled() {
      const box = log.current!
      showBrowser()
      if (!isAsLong(box)) settle()
      else if (box.scrollTop !== noted.current.top) note()
    },
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
      const row = rowOf(list.current!, key)
      return row !== null && topOf(row) >= topOf(log.current!)
    },
  }
}

/**
 * Lets the browser look at once. What somebody scrolled and what was put back in place would look to it like rows that
 * jumped, if it saw both together; finding what is at a point makes it look now.
 */
function showBrowser(): void {
  document.elementFromPoint(0, 0)
}

function topOf(element: Element): number {
  return element.getBoundingClientRect().top
}

function rowOf(list: HTMLElement, key: string): HTMLElement | null {
  return list.querySelector(`:scope > [data-key="${CSS.escape(key)}"]`)
}

/** The first message or post that ends below the edge. */
function firstBelow({ children }: HTMLElement, edge: number): HTMLElement | undefined {
  let [low, high] = [0, children.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (children[middle]!.getBoundingClientRect().bottom > edge) high = middle
    else low = middle + 1
  }
  while (low < children.length && children[low]!.tagName !== "ARTICLE") low++
  return children[low] as HTMLElement | undefined
}
