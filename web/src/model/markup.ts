const inline = /[*_`~[\\]/
const atLineStart = /^[ \t]*(?:>|[-+] |\d{1,9}[.)] )/m

/** Whether a text may hold anything that Markdown would show otherwise than as it is. */
export function mayHaveMarkup(text: string): boolean {
  return inline.test(text) || atLineStart.test(text)
}
