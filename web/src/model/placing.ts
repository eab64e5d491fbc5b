/** The upper and the lower edge of something on the screen. */
export interface Extent {
  top: number
  bottom: number
}

/**
 * Where the upper edge of a box of that height goes so that it hides nothing of `row`: above it, else below it, as far
 * as `within` reaches. It may lie over the row's edge by `overlap`. A row that leaves no room is covered at its top.
 */
export function beside(row: Extent, within: Extent, height: number, overlap = 0): number {
  const above = row.top - height + overlap
  if (above >= within.top) return above
  const below = row.bottom - overlap
  if (below + height <= within.bottom) return below
  return Math.max(within.top, Math.min(row.top, within.bottom - height))
}
