"""The tables of reports and comparisons, of the shape of the paper's Table 1: scores x kinds, a column a method."""

from __future__ import annotations

from typing import Any

from lgtsm.document import Table
from lgtsm.evaluation.columns import best_of, cell, column
from lgtsm.evaluation.summary import ALL

Scores = dict[str, dict[str, dict[str, dict[str, Any]]]]


def paper_table(scores: Scores, names: list[str], kinds: list[str], with_interval: bool = True) -> Table:
    """Return a row for each score and kind of hole (and all kinds), a column for each method, best in bold.

    Args:
        scores: method -> group -> score -> value, see `lgtsm.evaluation.summary.summarize`.
        names: of scores, in order.
        kinds: of holes.
        with_interval: write the intervals beside the means.
    """
    groups = [*kinds, ALL] if len(kinds) > 1 else list(kinds)
    rows = []
    for name in names:
        values = [scores[method].get(group, {}).get(name, {}) for method in scores for group in groups]
        nowhere = all("mean" not in value for value in values)  # one row says why as well as one for each kind
        for group in groups[-1:] if nowhere else groups:
            rows.append(
                [_title(name), "all kinds" if group == ALL else group, *_cells(scores, name, group, with_interval)]
            )
    return Table(["score", "hole", *scores], rows)


def bins_table(scores: Scores, name: str, kinds: list[str], centers: list[int]) -> Table:
    """Return a row for each kind and bin, a column for each method, of one score."""
    rows = []
    for kind in kinds:
        for center in centers:
            rows.append([kind, f"{center - 5}–{center + 5} %", *_cells(scores, name, f"{kind}/{center}", True)])
    return Table(["hole", "hole share", *scores], rows)


def differences_table(
    found: dict[str, dict[str, dict[str, dict[str, Any]]]], names: list[str], kinds: list[str]
) -> Table:
    """Return the differences of each method from one and the same other, with intervals.

    Args:
        found: method -> group -> score -> value, see `lgtsm.evaluation.summary.differences`. An interval without 0
            is in bold.
        names: of scores.
        kinds: of holes.
    """
    rows = []
    for name in names:
        for group in [*kinds, ALL] if len(kinds) > 1 else kinds:
            values = [found[method].get(group, {}).get(name) for method in found]
            if any(values):
                cells = [cell(name, value, bold=_is_clear(value)) for value in values]
                rows.append([_title(name), "all kinds" if group == ALL else group, *cells])
    return Table(["score", "hole", *found], rows)


def efficiency_table(efficiency: dict[str, dict[str, Any]]) -> Table:
    """Return a row for each method: parameters, operations, speed, memory."""
    forms = {
        "parameters": ("parameters", "{:,}"),
        "gflop_per_frame": ("GFLOP a frame", "{:.2f}"),
        "frames_per_second": ("frames/s", "{:.1f}"),
        "peak_memory_mib": ("peak memory (MiB)", "{:.0f}"),
    }
    rows = []
    for method, values in efficiency.items():
        cells = [v if isinstance(v := values[key], str) else form.format(v) for key, (_, form) in forms.items()]
        if runs := values.get("frames_per_second_runs"):
            cells[2] += f" ({min(runs):.1f}-{max(runs):.1f})"
        rows.append([method, *cells])
    return Table(["method", *(title for title, _ in forms.values())], rows)


def _title(name: str) -> str:
    return f"{column(name).title} {'↑' if column(name).greater_is_better else '↓'}"


def _cells(scores: Scores, name: str, group: str, with_interval: bool) -> list[str]:
    values = {method: scores[method].get(group, {}).get(name) for method in scores}
    best = best_of(name, values)
    return [cell(name, value, method in best, with_interval) for method, value in values.items()]


def _is_clear(value: dict[str, Any] | None) -> bool:
    return value is not None and value.get("low") is not None and (value["low"] > 0 or value["high"] < 0)
