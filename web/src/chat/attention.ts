const idleAfter = 5 * 60_000
const awayWhenHiddenFor = 60_000

/** Tells whether somebody is here: a hidden page is away after a minute, an untouched one after five. */
export function watchAttention(tell: (away: boolean) => void): void {
  let away = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const become = (next: boolean) => {
    if (next !== away) tell((away = next))
  }
  const stir = () => {
    clearTimeout(timer)
    timer = setTimeout(() => become(true), document.hidden ? awayWhenHiddenFor : idleAfter)
    if (!document.hidden) become(false)
  }
  for (const event of ["pointermove", "pointerdown", "keydown", "wheel", "focus"])
    window.addEventListener(event, stir, { passive: true })
  document.addEventListener("visibilitychange", stir)
  stir()
}
