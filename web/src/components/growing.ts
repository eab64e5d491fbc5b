/** Makes a text field as high as its text; its `max-height` ends the growth. While it is measured, nothing around it moves. */
export function fit(field: HTMLTextAreaElement): void {
  const frame = field.parentElement!
  frame.style.minHeight = `${frame.offsetHeight}px`
  field.style.height = "auto"
  const border = field.offsetHeight - field.clientHeight
  field.style.height = `${field.scrollHeight + border}px`
  frame.style.minHeight = ""
}
