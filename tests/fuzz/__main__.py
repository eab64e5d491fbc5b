"""Has atheris, which is guided by what code it reaches, send one target as many inputs as one likes.

    python -m tests.fuzz {head,frames,messages,door,sessions,polls}
        [--runs 1000000] [--seed 1] [--longest 2048] [--keep FOLDER]

Each tenth of the way it prints how many inputs there were, how fast, and what memory the process and Python hold. An
input that finds a bug is written to `--keep`, and can be given back as `--input FILE`.
"""

import argparse
import gc
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

TARGETS: Final = ("head", "frames", "messages", "door", "sessions", "polls")
INSTRUMENTED: Final = ["chatter.wire", "chatter.gateway", "chatter.core", "chatter.actors"]
REPORTS: Final = 10
MEBIBYTE: Final = 2**20
PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Progress:
    """Runs `check`, counts, reports, and when it is enough tidies up and ends the process: the fuzzer never returns."""

    def __init__(self, name: str, check: Callable[[bytes], None], runs: int, tidy: Callable[[], None]) -> None:
        self._name = name
        self._check = check
        self._runs = runs
        self._tidy = tidy
        self._ran = 0
        self._began = time.monotonic()

    def __call__(self, data: bytes) -> None:
        self._check(data)
        self._ran += 1
        if self._ran % max(self._runs // REPORTS, 1) == 0:
            self.report()
        if self._ran == self._runs:
            self._tidy()
            os._exit(0)

    def report(self) -> None:
        rate = self._ran / (time.monotonic() - self._began)
        gc.collect()
        held = f"{resident() / MEBIBYTE:,.0f} MiB resident, {sys.getallocatedblocks():,} blocks of Python's"
        print(f"{self._name}: {self._ran:>10,} inputs, {rate:,.0f}/s, {held}", flush=True)


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=int, default=2048, help="of an input, in bytes")
    parser.add_argument("--keep", type=Path, default=Path(), help="the folder for inputs that find bugs; default: here")
    parser.add_argument("--input", type=Path, help="run this one alone")
    asked = parser.parse_args()
    if asked.input is not None:
        importlib.import_module(f"tests.fuzz.{asked.target}").check(asked.input.read_bytes())
        return
    try:
        import atheris
    except ImportError:
        parser.error("atheris is not installed: pip install '.[fuzz]'")
    with atheris.instrument_imports(include=INSTRUMENTED):
        target = importlib.import_module(f"tests.fuzz.{asked.target}")
    fuzz(atheris, target, asked)


def fuzz(atheris: Any, target: Any, asked: argparse.Namespace) -> None:
    folder = tempfile.TemporaryDirectory(prefix="fuzz-")
    corpus, dictionary = Path(folder.name) / "corpus", Path(folder.name) / "words"
    corpus.mkdir()
    for number, seed in enumerate(target.SEEDS):
        (corpus / f"seed{number}").write_bytes(seed)
    dictionary.write_text("".join(f'"{escaped(word)}"\n' for word in target.WORDS))
    options = {
        "seed": asked.seed,
        "max_len": asked.longest,
        "timeout": 20,
        "artifact_prefix": f"{asked.keep.absolute()}/",
        "dict": dictionary,
        "verbosity": 0,
    }
    progress = Progress(asked.target, target.check, asked.runs, folder.cleanup)
    atheris.Setup([sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(corpus)], progress)
    atheris.Fuzz()


def escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main()
