/** What a language does with numbers and names, as `Intl` knows it for a locale such as `en-GB`. */
export function grammar(locale: string) {
  const rules = new Intl.PluralRules(locale)
  const lists = new Intl.ListFormat(locale, { type: "conjunction" })
  const numbers = new Intl.NumberFormat(locale)
  const number = (count: number) => numbers.format(count)
  return {
    number,
    list: (names: readonly string[]) => lists.format(names),
    /** "1 message", "2,000 messages": the number, then the word that goes with it. */
    counted: (count: number, words: { one: string; other: string }) =>
      `${number(count)} ${rules.select(count) === "one" ? words.one : words.other}`,
  }
}
