"""Runs the original suite against both of the gateway's ways to a socket: plain ones (poller) and TLS (streams).

    python -m tests.autobahn [--wstest PATH] [--cases '1.*' '2.*' …] [--report FOLDER]

`wstest` is the `autobahntestsuite` package's command. It needs Python 2.7: put it into an environment of its own.
Exits with 1 when a case is neither OK, nor NON-STRICT, INFORMATIONAL or UNIMPLEMENTED (compression, which is not
offered).
"""

import argparse
import json
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import trio
import trustme

from tests.autobahn.echo import echoing

ALL: Final = ("*",)
ACCEPTABLE: Final = {"OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"}
Result = dict[str, Any]


async def tested(wstest: str, cases: Sequence[str], report: Path, tls: ssl.SSLContext | None) -> dict[str, Result]:
    """The suite's verdicts by case, of one run."""
    async with echoing(tls=tls) as stage:
        url = stage.url.replace("ws:", "wss:") if tls is not None else stage.url
        spec = report / "spec.json"
        spec.write_text(
            json.dumps(
                {
                    "servers": [{"agent": "chatter", "url": url}],
                    "outdir": str(report),
                    "cases": list(cases),
                    "exclude-cases": [],
                    "exclude-agent-cases": {},
                }
            )
        )
        command = [wstest, "--mode", "fuzzingclient", "--spec", str(spec)]
        await trio.run_process(command, stdout=subprocess.DEVNULL, cwd=report)
    found: dict[str, Result] = json.loads((report / "index.json").read_text())["chatter"]
    return found


def summary(verdicts: dict[str, Result]) -> tuple[str, bool]:
    """A line for all, and one for each case that is not plainly fine; whether the run may pass."""
    counted = Counter(verdict["behavior"] for verdict in verdicts.values())
    closes = Counter(verdict["behaviorClose"] for verdict in verdicts.values())
    bad = {case: verdict for case, verdict in verdicts.items() if not _is_fine(verdict)}
    lines = [f"{len(verdicts)} cases: {_told(counted)}; closed: {_told(closes)}"]
    lines += [f"  {case}: {verdict['behavior']}, closed {verdict['behaviorClose']}" for case, verdict in bad.items()]
    return "\n".join(lines), bool(verdicts) and not bad


def _is_fine(verdict: Result) -> bool:
    return verdict["behavior"] in ACCEPTABLE and verdict["behaviorClose"] in ACCEPTABLE


def _told(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in counted.most_common())


def _own_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.autobahn", description="Run the Autobahn test suite.")
    parser.add_argument("--wstest", default=shutil.which("wstest"), help="the suite's command; default: on the PATH")
    parser.add_argument("--cases", nargs="+", default=ALL, help="such as 6.* and 7.9.1; default: all")
    parser.add_argument("--report", type=Path, help="a folder to keep the suite's own report in")
    asked = parser.parse_args()
    if asked.wstest is None:
        parser.error("wstest is not on the PATH: install autobahntestsuite (Python 2.7), or say --wstest")
    passed = True
    with tempfile.TemporaryDirectory() as folder:
        for name, tls in (("plain sockets", None), ("TLS", _own_certificate())):
            report = (asked.report or Path(folder)).absolute() / name.replace(" ", "-")
            report.mkdir(parents=True, exist_ok=True)
            told, fine = summary(trio.run(tested, asked.wstest, asked.cases, report, tls))
            print(f"{name}: {told}", flush=True)
            passed &= fine
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
