"""The plain table: one a scenario and figure, a row a target."""

from statistics import median

from bench.results import BARE, Results
from bench.scenarios.scenario import Figure

WIDTHS = (17, 14, 27, 16, 9)


def table(results: Results) -> str:
    lines = [results.scenario.title]
    for figure in results.scenario.figures:
        lines += ["", _line(figure.unit, "median", "low to high", f"× {results.scenario.limit}", "× bare")]
        lines += [_row(results, figure, target) for target in results.rounds]
    lines += [f"{target}: {why}" for target, why in results.failures.items()]
    return "\n".join([*lines, "", str(results.noise or "")]) + "\n"


def _row(results: Results, figure: Figure, target: str) -> str:
    values = results.samples(target, figure.name)
    middle, to_limit = median(values), results.ratio(target, results.scenario.limit, figure.name)
    line = _line(
        target,
        _number(middle),
        f"{_number(min(values))} to {_number(max(values))}",
        _ratio(to_limit),
        _ratio(results.ratio(target, BARE, figure.name)),
    )
    if not figure.goal or target != figure.goal.of:
        return line
    met = {True: "met", False: "missed", None: "unknown"}[figure.goal.met(middle, to_limit)]
    return f"{line}  goal {figure.goal}: {met}"


def _line(first: str, *rest: str) -> str:
    return first.ljust(WIDTHS[0]) + "".join(cell.rjust(width) for cell, width in zip(rest, WIDTHS[1:], strict=True))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.3g}" if value >= 0.01 or value <= 0 else f"{value:.4f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
