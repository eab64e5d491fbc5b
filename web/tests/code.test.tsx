// @vitest-environment happy-dom
import { render } from "preact"
import { describe, expect, test, vi } from "vitest"
import { Code } from "../src/components/code"
import { painterOf } from "../src/components/painter"

/** The code as it is drawn, once it is in colours if it ever is. */
async function shown(text: string, language: string): Promise<HTMLElement> {
  const box = document.createElement("div")
  render(<Code text={text} language={language} />, box)
  if (await painterOf(language.split(" ")[0]!)) await vi.waitUntil(() => box.querySelector("[class^=hljs-]"))
  return box
}

describe("a block of code", () => {
  test.each(["python", "py", "Python title=x"])("in %s is painted, and its text stays as it is", async (language) => {
    const box = await shown("def wave():\n    return 'hi'", language.toLowerCase())
    expect(box.textContent).toBe("def wave():\n    return 'hi'")
    expect(box.querySelector(".hljs-keyword")?.textContent).toBe("def")
    expect(box.querySelector(".hljs-string")?.textContent).toBe("'hi'")
  })

  test.each(["", "klingon", "constructor", "__proto__"])("in %j stays plain", async (language) => {
    expect(await painterOf(language)).toBeNull()
    const box = await shown("def wave():", language)
    expect(box.querySelector("code")?.innerHTML).toBe("def wave():")
  })

  test("that looks like HTML stays text", async () => {
    const box = await shown("<script>alert(1)</script><img src=x onerror=alert(1)>", "html")
    expect(box.textContent).toBe("<script>alert(1)</script><img src=x onerror=alert(1)>")
    expect(box.querySelector("script, img")).toBeNull()
    expect([...box.querySelectorAll("code *")].every((part) => part.tagName === "SPAN")).toBe(true)
  })
})
