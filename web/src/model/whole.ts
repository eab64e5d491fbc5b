/** The text with every half of a surrogate pair replaced: alone, such a half is no text, and no JSON either. */
export function whole(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD")
}
