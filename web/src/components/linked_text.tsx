import { linked } from "../model/links"

/** What somebody wrote, as text and nothing else, with web addresses to click on. */
export function LinkedText({ text }: { text: string }) {
  return (
    <>
      {linked(text).map(({ text, href }) =>
        href ? (
          <a class="link" href={href} target="_blank" rel="noopener noreferrer nofollow">
            {text}
          </a>
        ) : (
          text
        ),
      )}
    </>
  )
}
