import { createLowlight } from "lowlight"
import type { ComponentChildren } from "preact"
import "../style/code.css"

const grammars = {
  bash: () => import("highlight.js/lib/languages/bash"),
  c: () => import("highlight.js/lib/languages/c"),
  cpp: () => import("highlight.js/lib/languages/cpp"),
  csharp: () => import("highlight.js/lib/languages/csharp"),
  css: () => import("highlight.js/lib/languages/css"),
  diff: () => import("highlight.js/lib/languages/diff"),
  dockerfile: () => import("highlight.js/lib/languages/dockerfile"),
  elixir: () => import("highlight.js/lib/languages/elixir"),
  erlang: () => import("highlight.js/lib/languages/erlang"),
  go: () => import("highlight.js/lib/languages/go"),
  haskell: () => import("highlight.js/lib/languages/haskell"),
  ini: () => import("highlight.js/lib/languages/ini"),
  java: () => import("highlight.js/lib/languages/java"),
  javascript: () => import("highlight.js/lib/languages/javascript"),
  json: () => import("highlight.js/lib/languages/json"),
  kotlin: () => import("highlight.js/lib/languages/kotlin"),
  lua: () => import("highlight.js/lib/languages/lua"),
  makefile: () => import("highlight.js/lib/languages/makefile"),
  markdown: () => import("highlight.js/lib/languages/markdown"),
  php: () => import("highlight.js/lib/languages/php"),
  python: () => import("highlight.js/lib/languages/python"),
  ruby: () => import("highlight.js/lib/languages/ruby"),
  rust: () => import("highlight.js/lib/languages/rust"),
  sql: () => import("highlight.js/lib/languages/sql"),
  swift: () => import("highlight.js/lib/languages/swift"),
  typescript: () => import("highlight.js/lib/languages/typescript"),
  xml: () => import("highlight.js/lib/languages/xml"),
  yaml: () => import("highlight.js/lib/languages/yaml"),
}

type Grammar = keyof typeof grammars

const otherNames = new Map<string, Grammar>([
  ["sh", "bash"], ["shell", "bash"], ["zsh", "bash"], ["console", "bash"], ["h", "c"], ["c++", "cpp"], ["cs", "csharp"],
  ["c#", "csharp"], ["patch", "diff"], ["docker", "dockerfile"], ["ex", "elixir"], ["exs", "elixir"], ["erl", "erlang"],
  ["golang", "go"], ["hs", "haskell"], ["toml", "ini"], ["js", "javascript"], ["jsx", "javascript"], ["kt", "kotlin"],
  ["make", "makefile"], ["md", "markdown"], ["py", "python"], ["rb", "ruby"], ["rs", "rust"], ["ts", "typescript"],
  ["tsx", "typescript"], ["html", "xml"], ["svg", "xml"], ["yml", "yaml"],
])

const lowlight = createLowlight()

type Tree = ReturnType<typeof lowlight.highlight>["children"]

/**
 * What paints code of a language, or null for one that isn't known. The library reads the code into a tree, which
 * becomes elements of our own: nothing of it is ever taken for HTML.
 */
export async function painterOf(language: string): Promise<((text: string) => ComponentChildren) | null> {
  const grammar = Object.hasOwn(grammars, language) ? (language as Grammar) : otherNames.get(language)
  if (grammar === undefined) return null
  lowlight.register(grammar, (await grammars[grammar]()).default)
  return (text) => drawn(lowlight.highlight(grammar, text).children)
}

function drawn(tree: Tree): ComponentChildren {
  return tree.map((node) => {
    if (node.type === "text") return node.value
    return node.type === "element" ? <span class={classes(node.properties.className)}>{drawn(node.children)}</span> : null
  })
}

function classes(names: unknown): string {
  return Array.isArray(names) ? names.join(" ") : ""
}
