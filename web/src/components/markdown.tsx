import { Lexer, type Token, type Tokens } from "marked"
import type { ComponentChildren } from "preact"
import { Code } from "./code"
import { Link, LinkedText } from "./linked_text"

const options = { gfm: true, breaks: true }
const deepest = 16
const mostMarks = 400
const mark = /[*_~`[]/
const crowded = /^(?:[ \t]*(?:>|[-+*][ \t]|\d{1,9}[.)][ \t])){8}/m

/**
 * Bold, italic, struck, code, quotes, lists and links. Marked only reads the text; what it found becomes elements of
 * our own, so nothing that somebody writes is ever taken for HTML. Whatever else Markdown knows stays as it was written.
 */
export function Markdown({ text, children }: { text: string; children?: ComponentChildren }) {
  const blocks = read(text)
  if (blocks === null) return <AsWritten text={text}>{children}</AsWritten>
  return (
    <>
      {blocks.map((token, at) => (
        <Block token={token}>{at === blocks.length - 1 && children}</Block>
      ))}
    </>
  )
}

/**
 * Null for what nobody means: two thousand quotes in each other would fill any stack, and a text of stars and
 * underscores alone takes half a second to read.
 */
function read(text: string): Token[] | null {
  if (crowded.test(text) || text.split(mark).length > mostMarks) return null
  const blocks = new Lexer(options).lex(text).filter(({ type }) => type !== "space")
  return isDeeper(blocks, deepest) ? null : blocks
}

function isDeeper(tokens: Token[], depth: number): boolean {
  return depth === 0 || tokens.some((token) => inside(token).some((tokens) => isDeeper(tokens, depth - 1)))
}

function inside(token: Token): Token[][] {
  if (token.type === "list") return (token as Tokens.List).items.map(({ tokens }) => tokens)
  return "tokens" in token && token.tokens ? [token.tokens] : []
}

function Block({ token, children }: { token: Token; children?: ComponentChildren }) {
  switch (token.type) {
    case "paragraph":
      return <Paragraph tokens={(token as Tokens.Paragraph).tokens}>{children}</Paragraph>
    case "blockquote":
      return (
        <>
          <blockquote class="my-1 border-l-3 border-edge pl-3 text-quiet">
            {(token as Tokens.Blockquote).tokens.map((token) => (
              <Block token={token} />
            ))}
          </blockquote>
          {children}
        </>
      )
    case "list":
      return <List token={token as Tokens.List}>{children}</List>
    case "code":
      return <CodeBlock token={token as Tokens.Code}>{children}</CodeBlock>
    case "space":
      return null
    case "text":
      return (
        <>
          <Inline tokens={(token as Tokens.Text).tokens ?? [token]} />
          {children}
        </>
      )
    default:
      return <AsWritten text={token.raw}>{children}</AsWritten>
  }
}

function Paragraph({ tokens, children }: { tokens: Token[]; children?: ComponentChildren }) {
  return (
    <p class="break-words whitespace-pre-wrap" dir="auto">
      <Inline tokens={tokens} />
      {children}
    </p>
  )
}

function AsWritten({ text, children }: { text: string; children?: ComponentChildren }) {
  return (
    <p class="break-words whitespace-pre-wrap" dir="auto">
      <LinkedText text={text.replace(/\n+$/, "")} />
      {children}
    </p>
  )
}

/** One item alone is most often a sentence, "1986. What a year!", unless it is inside another. */
function List({ token, isInner = false, children }: { token: Tokens.List; isInner?: boolean; children?: ComponentChildren }) {
  if (token.items.length < 2 && !isInner) return <AsWritten text={token.raw}>{children}</AsWritten>
  const items = token.items.map((item) => (
    <li class="break-words" dir="auto">
      {item.tokens.map((token) =>
        token.type === "list" ? <List token={token as Tokens.List} isInner /> : <Block token={token} />,
      )}
    </li>
  ))
  return (
    <>
      {token.ordered ? (
        <ol class="my-1 list-decimal pl-7" start={Number(token.start)}>
          {items}
        </ol>
      ) : (
        <ul class="my-1 list-disc pl-6">{items}</ul>
      )}
      {children}
    </>
  )
}

function CodeBlock({ token, children }: { token: Tokens.Code; children?: ComponentChildren }) {
  if (token.codeBlockStyle === "indented") return <AsWritten text={token.raw}>{children}</AsWritten>
  return (
    <>
      <Code text={token.text} language={token.lang} />
      {children}
    </>
  )
}

function Inline({ tokens }: { tokens: Token[] }) {
  return (
    <>
      {tokens.map((token) => (
        <Phrase token={token} />
      ))}
    </>
  )
}

function Phrase({ token }: { token: Token }) {
  switch (token.type) {
    case "strong":
      return (
        <strong class="font-semibold">
          <Inline tokens={(token as Tokens.Strong).tokens} />
        </strong>
      )
    case "em":
      return (
        <em>
          <Inline tokens={(token as Tokens.Em).tokens} />
        </em>
      )
    case "del":
      return (
        <del>
          <Inline tokens={(token as Tokens.Del).tokens} />
        </del>
      )
    case "codespan":
      return <code class="rounded-md bg-press px-1 py-0.5 font-mono text-[0.875em]">{(token as Tokens.Codespan).text}</code>
    case "br":
      return <br />
    case "escape":
      return <>{(token as Tokens.Escape).text}</>
    case "link":
      return <Address token={token as Tokens.Link} />
    default:
      return <LinkedText text={token.raw} />
  }
}

/** Only to web pages; anything else is shown as it was written. */
function Address({ token }: { token: Tokens.Link }) {
  if (token.raw === token.text || !/^https?:\/\/[^\s/]/i.test(token.href)) return <LinkedText text={token.raw} />
  return (
    <Link href={token.href}>
      <Inline tokens={token.tokens} />
    </Link>
  )
}
