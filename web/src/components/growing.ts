/** Makes a text field as high as its text; its `max-height` ends the growth. */
export function fit(field: HTMLTextAreaElement): void {
  field.style.height = "auto"
  const border = field.offsetHeight - field.clientHeight
  field.style.height = `${field.scrollHeight + border}px`
}
