/** A name that is being written: what of it is there, and where its @ stands. */
export interface Unfinished {
  at: number
  beginning: string
}

const unfinished = /(?:^|[^\w@])@([A-Za-z0-9_-]{0,50})$/
const mention = /(?<![\w@/])@([A-Za-z0-9_-]{1,50})|(?<![\w#&/])#([a-z0-9][a-z0-9_-]{0,63})(?![\w-])/g

/** The name that the caret is at the end of, if it is at the end of one. */
export function unfinishedAt(text: string, caret: number): Unfinished | null {
  const beginning = unfinished.exec(text.slice(0, caret))?.[1]
  return beginning === undefined ? null : { at: caret - beginning.length - 1, beginning }
}

/** Who may be meant, at most `most`: names that begin so, then those with a part that does, whatever the case. */
export function whoIsMeant<Person extends { name: string }>(people: readonly Person[], beginning: string, most = 6): Person[] {
  const wanted = beginning.toLowerCase()
  const rank = ({ name }: Person) => {
    const lower = name.toLowerCase()
    if (lower.startsWith(wanted)) return 0
    return lower.split(/[_-]/).some((part) => part.startsWith(wanted)) ? 1 : 2
  }
  const fitting = people.map((person) => ({ person, rank: rank(person) })).filter(({ rank }) => rank < 2)
  return fitting.sort((a, b) => a.rank - b.rank).slice(0, most).map(({ person }) => person)
}

/** The text with the name finished, and where the caret belongs now. */
export function finished(text: string, { at, beginning }: Unfinished, name: string): { text: string; caret: number } {
  const rest = text.slice(at + 1 + beginning.length)
  const space = rest.startsWith(" ") ? "" : " "
  return { text: `${text.slice(0, at)}@${name}${space}${rest}`, caret: at + name.length + 2 }
}

/** Whether a text speaks to somebody by their name, whatever the case. */
export function isMentioned(text: string, name: string): boolean {
  return mentions(text).some((piece) => piece.name?.toLowerCase() === name.toLowerCase())
}

export type Piece = { text: string; name?: string; room?: string }

/** The text in pieces, those with `name` being mentions of somebody, and those with `room` of what may be a room. */
export function mentions(text: string): Piece[] {
  const pieces: Piece[] = []
  let done = 0
  for (const found of text.matchAll(mention)) {
    if (found.index > done) pieces.push({ text: text.slice(done, found.index) })
    pieces.push(found[1] ? { text: found[0], name: found[1] } : { text: found[0], room: found[2]! })
    done = found.index + found[0].length
  }
  if (done < text.length) pieces.push({ text: text.slice(done) })
  return pieces
}
