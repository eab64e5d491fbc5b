const longest = 200

/** The beginning of an answer: a line or two of what was said, and by whom. A quote in it is not quoted again. */
export function quoted(name: string, text: string): string {
  const words = text
    .split("\n")
    .filter((line) => !line.startsWith(">"))
    .join(" ")
    .replace(/\s+/g, " ")
    .trim()
  const characters = [...words]
  const short = characters.length > longest ? `${characters.slice(0, longest).join("").trimEnd()}…` : words
  return `> @${name}: ${short}\n\n`
}
