import { effect, signal } from "@preact/signals"
import { recall, remember } from "../connection/keepsake"
import { english, type Words } from "./english"

type Catalogue = (locale: string) => Words

/** Each by its own name. English is always there; the others come when somebody wants them. */
const languages = {
  en: { name: "English", load: async (): Promise<Catalogue> => english },
  de: { name: "Deutsch", load: async (): Promise<Catalogue> => (await import("./german")).german },
}

export type Language = keyof typeof languages

export const allLanguages = Object.entries(languages).map(([language, { name }]) => ({ language: language as Language, name }))
export const language = signal<Language>(wantedBy([recall("language") ?? "", ...navigator.languages]))

const now = signal(english(localeFor("en")))

/** All that the page says, in the language of whoever sits before it. */
export function words(): Words {
  return now.value
}

/** Speaks another language from now on, and in later visits; resolves once it does. Without a connection it may not come. */
export async function speak(wanted: Language): Promise<void> {
  language.value = wanted
  const catalogue = await languages[wanted].load().catch(() => english)
  if (language.value === wanted) now.value = catalogue(localeFor(wanted))
}

/** Follows the choice into the browser's memory and onto the page's root. */
export async function beginToSpeak(): Promise<void> {
  await speak(language.peek())
  effect(() => {
    document.documentElement.lang = now.value.locale
    document.documentElement.dir = now.value.direction
  })
}

export function choose(wanted: Language): void {
  remember("language", wanted)
  void speak(wanted)
}

/** The first of somebody's languages that the page speaks: `de-AT` is German. */
export function wantedBy(tags: readonly string[]): Language {
  return tags.map(languageOf).find((tag) => tag !== null) ?? "en"
}

/** With the region that the browser names for it, as dates differ by that. */
function localeFor(language: Language): string {
  return navigator.languages.find((tag) => languageOf(tag) === language) ?? language
}

function languageOf(tag: string): Language | null {
  const language = tag.toLowerCase().split("-")[0]!
  return Object.hasOwn(languages, language) ? (language as Language) : null
}
