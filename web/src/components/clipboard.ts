/** Puts a text where it can be pasted from. Without https there is no clipboard to write to, but still the old way. */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    copyFromField(text)
  }
}

function copyFromField(text: string): void {
  const before = document.activeElement
  const field = document.createElement("textarea")
  field.value = text
  field.className = "sr-only"
  // Beside a dialog that is open, nothing can be selected.
  const place = before?.closest("dialog") ?? document.body
  place.append(field)
  field.select()
  document.execCommand("copy")
  field.remove()
  if (before instanceof HTMLElement) before.focus()
}
