/** Somebody who was in a room and isn't now. */
export interface Absent {
  id: string
  name: string
  avatar: string | null
  lastSeenAt: Date
}

type Named = { id: string; name: string }

/**
 * Those of `known` who aren't present, the last to go first. A guest who comes again is somebody new by the same name,
 * so each name is there once, and not at all while somebody present has it.
 */
export function absent(known: readonly Absent[], present: readonly Named[]): Absent[] {
  const here = new Set(present.flatMap(({ id, name }) => [id, name.toLowerCase()]))
  const others = known.filter(({ id, name }) => !here.has(id) && !here.has(name.toLowerCase()))
  others.sort((a, b) => b.lastSeenAt.getTime() - a.lastSeenAt.getTime())
  const byName = new Map<string, Absent>()
  for (const person of others) if (!byName.has(person.name.toLowerCase())) byName.set(person.name.toLowerCase(), person)
  return [...byName.values()]
}
