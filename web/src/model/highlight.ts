/** The text in pieces, `hit` where a word begins as one of the words that were searched for. */
export function highlighted(text: string, searched: string): { text: string; hit: boolean }[] {
  const words = searched.match(/[\p{L}\p{N}]+/gu) ?? []
  if (words.length === 0) return [{ text, hit: false }]
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join("|")})`, "giu")
  const pieces: { text: string; hit: boolean }[] = []
  let done = 0
  for (const found of text.matchAll(pattern)) {
    if (found.index > done) pieces.push({ text: text.slice(done, found.index), hit: false })
    pieces.push({ text: found[0], hit: true })
    done = found.index + found[0].length
  }
  if (done < text.length) pieces.push({ text: text.slice(done), hit: false })
  return pieces
}
