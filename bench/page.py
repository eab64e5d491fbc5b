"""The page in a Chromium: how soon it is there, and how smoothly 50,000 messages scroll past; `python -m bench page`.

Each round opens the page in a profile of its own, waits until one can read and write, and scrolls from the newest
message towards the first, a screen every other frame, until all have passed or the time is over. The limit
is a bare document of plain paragraphs, scrolled by the same wheel in the same round: what the browser and the machine
allow. CPU is the page's main thread's own clock; the heap is counted after a garbage collection.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from time import monotonic
from typing import Any

import trio
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.targets import Absent, Target
from tests.browser.archive import fill, post

COUNT = 50_000
PLAIN_ROWS = 5_000
WHEEL = 800
PAUSE = 33
SECONDS = 150
SCREEN = {"width": 1280, "height": 800}
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

WATCH = """
window.watched = { shift: 0, busyUntil: 0, ready: 0, frames: [] }
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  if (!entry.hadRecentInput) watched.shift += entry.value
})).observe({ type: 'layout-shift', buffered: true })
new PerformanceObserver((list) => list.getEntries().forEach(({ startTime, duration }) => {
  watched.busyUntil = Math.max(watched.busyUntil, startTime + duration)
})).observe({ type: 'longtask', buffered: true })
new MutationObserver((_, observer) => {
  if (!document.querySelector('[role=log][aria-busy=false] article')) return
  watched.ready = performance.now()
  observer.disconnect()
}).observe(document, { subtree: true, childList: true, attributes: true })
"""
LOADED = """() => ({
  paint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  interactive: Math.max(watched.ready, watched.busyUntil),
  shift: watched.shift,
})"""
COUNT_FRAMES = """() => {
  let last = performance.now()
  const frame = (now) => { watched.frames.push(now - last); last = now; requestAnimationFrame(frame) }
  requestAnimationFrame(frame)
}"""
FRAMES = "() => watched.frames.slice(1)"
IS_FIRST = "() => document.querySelector('article')?.innerText.includes('\\n1. ') ?? false"
PLAIN = """<!doctype html><title>bare</title>
<style>body { margin: 0; font: 15px/1.5 system-ui } #log { height: 100vh; overflow-y: auto }</style>
<div id="log" role="log">%s</div><script>log.scrollTop = log.scrollHeight</script>"""


@dataclass(frozen=True)
class PageFigure:
    name: str
    title: str
    unit: str
    goal: float | None = None


FIGURES = (
    PageFigure("paint", "first contentful paint", "ms", 1000),
    PageFigure("interactive", "history shown, no task over 50 ms any more", "ms", 1000),
    PageFigure("shift", "layout shift while loading", "", 0),
    PageFigure("frame", "scrolling: 95 of 100 frames within", "ms", 17),
    PageFigure("plain_frame", "… plain paragraphs", "ms"),
    PageFigure("cpu", "scrolling: main thread's CPU a frame", "ms", 16),
    PageFigure("plain_cpu", "… plain paragraphs", "ms"),
    PageFigure("scroll_shift", "layout shift while scrolling", "", 0),
    PageFigure("passed", "messages that scrolled past", ""),
    PageFigure("heap", "JavaScript heap then", "MB", 100),
    PageFigure("nodes", "elements then", ""),
)


def measure(target: Target, rounds: int, seconds: float, say: Callable[[str], None]) -> dict[str, list[float]]:
    """Samples by figure; `target` keeps its messages in the `bench.db` of its folder."""
    samples: dict[str, list[float]] = {figure.name: [] for figure in FIGURES}
    with tempfile.TemporaryDirectory(prefix="chatter-bench-") as name:
        folder = Path(name)
        say(f"page: writing {COUNT:,} messages")
        trio.run(fill, folder / "bench.db", COUNT)
        with target.prepare(folder)(folder) as server, chromium() as browser:
            host, port = server.addresses[0]
            for number in range(rounds):
                say(f"page: round {number + 1} of {rounds}")
                for name, value in one_round(browser, f"http://{host}:{port}/", seconds).items():
                    samples[name].append(value)
    say("")
    return samples


@contextmanager
def chromium() -> Iterator[Browser]:
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        raise Absent("no Chromium on the PATH")
    arguments = ["--disable-background-networking", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def one_round(browser: Browser, url: str, seconds: float) -> dict[str, float]:
    with opened(browser) as (page, _):
        page.set_content(PLAIN % "".join(f"<p>{post(number).text}</p>" for number in range(PLAIN_ROWS)))
        plain = scroll(page, 200 * PAUSE / 1e3)
    with opened(browser) as (page, devtools):
        page.goto(url)
        page.locator("[role=log][aria-busy=false] article").first.wait_for()
        page.wait_for_load_state("networkidle")
        loaded: dict[str, float] = page.evaluate(LOADED)
        scrolled = scroll(page, seconds)
        after = {
            "scroll_shift": page.evaluate("watched.shift") - loaded["shift"],
            "passed": COUNT - int(page.locator("article p[dir=auto]").first.inner_text().partition(".")[0]),
            "nodes": page.evaluate("document.querySelectorAll('*').length"),
            "heap": heap_mb(devtools),
        }
    return {**loaded, **after, **scrolled, **{f"plain_{name}": value for name, value in plain.items()}}


@contextmanager
def opened(browser: Browser) -> Iterator[tuple[Page, CDPSession]]:
    context = browser.new_context(viewport=SCREEN)  # type: ignore[arg-type]
    context.add_init_script(WATCH)
    page = context.new_page()
    try:
        yield page, context.new_cdp_session(page)
    finally:
        context.close()


def scroll(page: Page, seconds: float) -> dict[str, float]:
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.get_by_role("log").hover()
    page.evaluate(COUNT_FRAMES)
    before, end = cpu_seconds(devtools), monotonic() + seconds
    while monotonic() < end and not page.evaluate(IS_FIRST):
        for _ in range(20):
            page.mouse.wheel(0, -WHEEL)
            page.wait_for_timeout(PAUSE)
    frames: list[float] = page.evaluate(FRAMES)
    return {"frame": quantiles(frames, n=20)[-1], "cpu": (cpu_seconds(devtools) - before) / len(frames) * 1e3}


def cpu_seconds(devtools: CDPSession) -> float:
    metrics: list[dict[str, Any]] = devtools.send("Performance.getMetrics")["metrics"]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")


def heap_mb(devtools: CDPSession) -> float:
    devtools.send("HeapProfiler.collectGarbage")
    return float(devtools.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def table(samples: Mapping[str, Sequence[float]]) -> str:
    lines = [f"Page: in a Chromium, in a room of {COUNT:,} messages", ""]
    return "\n".join(lines + [_row(figure, samples[figure.name]) for figure in FIGURES]) + "\n"


def _row(figure: PageFigure, values: Sequence[float]) -> str:
    middle = median(values)
    spread = f"{_number(min(values))} to {_number(max(values))}"
    line = f"{figure.title:<43}{_number(middle):>9} {figure.unit:<3} {spread}"
    if figure.goal is None:
        return line.rstrip()
    return f"{line:<78}  goal ≤ {figure.goal:g}: {'met' if middle <= figure.goal else 'missed'}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
