/** A small choice of emoji, by what they are called. */
export const emoji = [
  ["👍", "thumbs up"], ["❤️", "heart"], ["😂", "tears of joy"], ["🎉", "party"], ["😮", "surprised"], ["😢", "sad"],
  ["🙏", "thanks"], ["👀", "looking"], ["👎", "thumbs down"], ["🔥", "fire"], ["👏", "clapping"], ["✅", "done"],
  ["🤔", "thinking"], ["😍", "in love"], ["😅", "relieved"], ["😎", "cool"], ["🥳", "celebrating"], ["😴", "asleep"],
  ["🚀", "rocket"], ["💯", "hundred"], ["💡", "idea"], ["☕", "coffee"], ["🍕", "pizza"], ["🌈", "rainbow"],
] as const

export type EmojiName = (typeof emoji)[number][1]

const otherNames: Record<string, string> = {
  "+1": "👍", "-1": "👎", thumbsup: "👍", thumbsdown: "👎", joy: "😂", tada: "🎉", open_mouth: "😮", cry: "😢", pray: "🙏",
  eyes: "👀", clap: "👏", white_check_mark: "✅", heart_eyes: "😍", sweat_smile: "😅", sunglasses: "😎", partying_face: "🥳",
  sleeping: "😴", bulb: "💡", smile: "😄", wink: "😉", wave: "👋", sob: "😭", grin: "😁", shrug: "🤷", sparkles: "✨",
}

const byName = new Map([...emoji.map(([character, name]) => [name.replaceAll(" ", "_"), character] as const), ...Object.entries(otherNames)])
const code = /:([a-z0-9_+-]{1,30}):$/

/** When the caret is right behind a `:shortcode:`, the text with its emoji instead. */
export function withEmoji(text: string, caret: number): { text: string; caret: number } | null {
  const found = code.exec(text.slice(0, caret))
  const character = found && byName.get(found[1]!)
  if (!found || !character) return null
  return { text: text.slice(0, found.index) + character + text.slice(caret), caret: found.index + character.length }
}
