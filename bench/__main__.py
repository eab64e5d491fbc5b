"""`python -m bench [SCENARIO …]`: every scenario, or those named, against chatter, the limits and the peers."""

import argparse
import json
import platform
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from bench import bus, kernel, page
from bench.noise import Watch
from bench.report import table
from bench.results import Results
from bench.runner import Runner, say
from bench.scenarios import nodes
from bench.scenarios.burst import Burst
from bench.scenarios.fanout import Fanout, fanout
from bench.scenarios.ingest import ONE, Ingest
from bench.scenarios.join import Join
from bench.scenarios.latency import Latency
from bench.scenarios.scenario import Scenario
from bench.scenarios.stalled import Stalled
from bench.targets import CHATTER, CLUSTER_TARGETS, PEER_TARGETS, Absent, chatter

NAMES = ("fanout", "burst", "ingest", "join", "latency", "stalled", "nodes", "kernel", "bus", "page")
NODES = {scenario.name: [scenario] for scenario in nodes.scenarios()}
OTHERS = (*PEER_TARGETS, *CLUSTER_TARGETS)
TARGETS = ("chatter", *(target.name for target in OTHERS))


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    wanted = [target for target in (chatter(options.command), *OTHERS) if target.name in options.targets]
    finished: list[Results] = []
    with tempfile.TemporaryDirectory(prefix="chatter-bench-") as folder:
        runner = Runner(wanted, Path(folder), options.rounds)
        for scenario in scenarios(options):
            finished.append(runner.measure(scenario))
            print(table(finished[-1]), flush=True)
    micro = kernel.measure(options.rounds, say) if "kernel" in options.scenario else {}
    if micro:
        print(kernel.table(micro), flush=True)
    telling = bus.measure(options.rounds, say) if "bus" in options.scenario else {}
    if telling:
        print(bus.table(telling), flush=True)
    browsed = in_a_browser(options) if "page" in options.scenario else {}
    if options.json:
        options.json.write_text(as_json(finished, {"kernel": micro, "bus": telling, "page": browsed}, options.rounds))
    return 1 if any("chatter" in results.failures for results in finished) else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="chatter's figures beside its peers'")
    parser.add_argument("scenario", nargs="*", help=f"of {', '.join((*NAMES, *NODES))}; all, when none is named")
    parser.add_argument("--members", type=int, action="append", help="of fanout's room (repeatable; 1000 and 15000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each target is started (3)")
    parser.add_argument("--seconds", type=float, help="length of one window (each scenario has its own)")
    parser.add_argument("--targets", default=",".join(TARGETS), help="separated by commas (%(default)s)")
    parser.add_argument("--command", default=CHATTER, help="chatter's; {python}, {folder} are filled in (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every sample")
    options = parser.parse_args(arguments)
    options.scenario = options.scenario or list(NAMES)
    options.targets = options.targets.split(",")
    for given, known in ((options.scenario, (*NAMES, *NODES)), (options.targets, TARGETS)):
        if unknown := set(given) - set(known):
            parser.error(f"{', '.join(sorted(unknown))}: not one of {', '.join(known)}")
    return options


def scenarios(options: argparse.Namespace) -> Iterator[Scenario]:
    known: dict[str, Sequence[Fanout | Burst | Ingest | Join | Latency | Stalled]] = {
        "fanout": [fanout(members) for members in options.members or (1_000, 15_000)],
        "burst": [Burst()],
        "ingest": [Ingest(), ONE],
        "join": [Join()],
        "latency": [Latency()],
        "stalled": [Stalled()],
        "nodes": list(nodes.scenarios()),
        **NODES,
    }
    for name in options.scenario:
        for scenario in known.get(name, ()):
            timed = options.seconds and not isinstance(scenario, Join)
            yield replace(scenario, seconds=options.seconds) if timed else scenario


def in_a_browser(options: argparse.Namespace) -> dict[str, list[float]]:
    watch = Watch()
    try:
        samples = page.measure(chatter(options.command), options.rounds, options.seconds or page.SECONDS, say)
    except Absent as why:
        print(f"Page: skipped: {why}\n")
        return {}
    print(f"{page.table(samples)}\n{watch.noise()}\n", flush=True)
    return samples


def as_json(finished: Sequence[Results], micro: Mapping[str, Mapping[str, Sequence[float]]], rounds: int) -> str:
    measured = {"scenarios": [results.to_json() for results in finished], **micro}
    return json.dumps({"machine": machine(), "rounds": rounds, **measured}, indent=1, ensure_ascii=False) + "\n"


def machine() -> dict[str, object]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    versions = {"kernel": platform.release(), "python": platform.python_version()}
    return {"cpu": names[0] if names else "", "cores": len(names), **versions}


def end(number: int, _: FrameType | None) -> None:
    """As if Ctrl-C had been pressed, so that servers and folders go the same way."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    sys.exit(main())
