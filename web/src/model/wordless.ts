const pictures = /^(?:\s|\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u200d\ufe0f])+$/u

const latin = /^\s*[\x20-\xa8]/

/** Whether a text is a few emoji and nothing else, to be shown large. */
export function isWordless(text: string): boolean {
  return text.length <= 24 && !latin.test(text) && pictures.test(text) && text.trim() !== ""
}
